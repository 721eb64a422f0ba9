"""One run as a page shows it: the waterfall of `synthetic explain` as a document, redacted as its record is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from synthetic.report.bars import Bar, group_polls
from synthetic.report.dialogue import dialogue
from synthetic.report.health.failing import link_to_trace
from synthetic.report.records import Amount, Check, Movement, RunRecord, Step, Undo
from synthetic.report.waterfall import failing_exchange


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class BarView(_Document):
    """One exchange, or polls in a row that all said the same. `dialogue`: what was sent, expected and came, line by line."""

    what: str
    status: str
    held: bool
    failing: bool
    start_ms: float
    took_ms: float
    dialogue: list[str]


class StepView(_Document):
    """One step with its exchanges."""

    id: str
    operation: str
    words: str
    held: bool
    reason: str
    blame: str
    start_ms: float
    took_ms: float
    bars: list[BarView]


class RunView(_Document):
    """One run: its facts, its steps on the time axis, its money, its checks, what was brought back."""

    run_id: str
    name: str
    title: str
    cell: str
    track: str
    version: str
    market: str
    player: str
    outcome: str
    blame: str
    reason: str
    attribution: str
    started_at: datetime
    duration_ms: float
    trace_id: str
    trace_url: str
    tainted: bool
    steps: list[StepView]
    money: list[Movement]
    checks: list[Check]
    undo: list[Undo]
    stranded: list[Amount]

    @classmethod
    def of(cls, record: RunRecord, *, trace_url: str = "") -> RunView:
        """The view of a record. `trace_url`: an address with `{trace_id}` in it."""
        return cls(
            run_id=record.run_id,
            name=record.name,
            title=record.title,
            cell=record.cell,
            track=record.track,
            version=record.version,
            market=record.market,
            player=record.player,
            outcome=record.outcome,
            blame=str(record.blame or ""),
            reason=record.reason,
            attribution=record.attribution,
            started_at=record.started_at,
            duration_ms=record.duration_ms,
            trace_id=record.trace_id,
            trace_url=link_to_trace(trace_url, record.trace_id),
            tainted=record.tainted,
            steps=list(_steps(record)),
            money=record.money,
            checks=record.checks,
            undo=record.undo,
            stranded=record.stranded,
        )


def _steps(record: RunRecord) -> Iterator[StepView]:
    failing = failing_exchange(record)
    for step in record.steps:
        yield StepView(
            id=step.id,
            operation=step.operation,
            words=" ".join(_words(step)),
            held=step.held,
            reason=step.reason,
            blame=str(step.blame or ""),
            start_ms=step.offset_ms,
            took_ms=step.latency_ms,
            bars=[_bar(bar, failing=bar.last is failing) for bar in group_polls(step.exchanges)],
        )


def _words(step: Step) -> Iterator[str]:
    yield step.outcome.value
    if step.code:
        yield step.code
    if step.held and step.expected_refusal:
        yield "(as wanted)"
    if step.tainted:
        yield "(tainted)"
    if step.purpose != "step":
        yield f"({step.purpose})"


def _bar(bar: Bar, *, failing: bool) -> BarView:
    return BarView(
        what=bar.what,
        status=bar.status,
        held=bar.held,
        failing=failing,
        start_ms=bar.start_ms,
        took_ms=bar.took_ms,
        dialogue=[line.plain for line in dialogue(bar.last)],
    )
