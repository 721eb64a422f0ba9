"""From events to a run record: the sink that keeps a run's events until its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from synthetic.core import effects
from synthetic.core.events import (
    CheckJudged,
    Event,
    ExchangeDone,
    MoneyMoved,
    RunEnded,
    RunStarted,
    StepEnded,
    StepStarted,
    UndoEnded,
)
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome
from synthetic.report.records import (
    Amount,
    Answer,
    Check,
    Exchange,
    Movement,
    Phases,
    Request,
    RunRecord,
    Step,
    Undo,
    milliseconds,
    utc,
)


@dataclass(slots=True)
class _OpenStep:
    """A step between its start and the end of its run: compensation may still add to it."""

    started: StepStarted
    exchanges: list[ExchangeDone] = field(default_factory=list)
    ended: StepEnded | None = None


@dataclass(slots=True)
class _OpenRun:
    started: RunStarted
    steps: list[_OpenStep] = field(default_factory=list)
    money: list[MoneyMoved] = field(default_factory=list)
    checks: list[CheckJudged] = field(default_factory=list)
    undo: list[UndoEnded] = field(default_factory=list)


class RunRecorder:
    """An EventSink for any number of interleaved runs. `deliver` gets each run's record at its end.

    Until then an event costs one append, so recording stays out of the way of what is being measured.
    """

    def __init__(self, deliver: Callable[[RunRecord], None]) -> None:
        self._deliver = deliver
        self._open: dict[str, _OpenRun] = {}

    def __call__(self, event: Event, /) -> None:
        """Take one event; events of a run that never began are left aside."""
        if isinstance(event, RunStarted):
            self._open[event.run_id] = _OpenRun(event)
            return
        run = self._open.get(event.run_id)
        if run is None:
            return
        if isinstance(event, RunEnded):
            del self._open[event.run_id]
            self._deliver(_record(run, event))
            return
        _keep(run, event)


def _keep(run: _OpenRun, event: Event) -> None:
    match event:
        case StepStarted():
            run.steps.append(_OpenStep(event))
        case ExchangeDone():
            _step_of(run, event.step, event.operation, event.times.started).exchanges.append(event)
        case StepEnded():
            _step_of(run, event.step, event.operation, event.at_ns).ended = event
        case MoneyMoved():
            run.money.append(event)
        case CheckJudged():
            run.checks.append(event)
        case UndoEnded():
            run.undo.append(event)


def _step_of(run: _OpenRun, step: str, operation: str, at_ns: int) -> _OpenStep:
    """The latest start of that step; one that was never announced is opened here, so that nothing is lost."""
    for candidate in reversed(run.steps):
        if candidate.started.step == step:
            return candidate
    run.steps.append(_OpenStep(StepStarted(run.started.run_id, step, operation, at_ns)))
    return run.steps[-1]


def _record(run: _OpenRun, ended: RunEnded) -> RunRecord:
    started = run.started
    steps = [_step(step, started.at_ns) for step in run.steps]
    return RunRecord(
        run_id=started.run_id,
        seed=started.seed,
        scenario=started.scenario,
        title=started.title,
        tags=list(started.tags),
        digest=started.digest,
        row=dict(started.row),
        cell=started.cell,
        track=started.track,
        version=started.version,
        environment=started.environment,
        market=started.market,
        brand=started.brand,
        currency=started.currency,
        player=started.player,
        pair=started.pair,
        started_at=utc(started.wall_ns),
        duration_ms=milliseconds(ended.at_ns - started.at_ns),
        schedule_lag_ms=milliseconds(started.at_ns - started.scheduled_at_ns),
        trace_id=started.trace_id,
        outcome=ended.outcome,
        blame=ended.blame,
        reason=ended.reason,
        attribution=ended.attribution,
        failed_step=ended.failed_step,
        failed_check=ended.failed_check,
        tainted=any(step.tainted for step in steps) or ended.outcome == "tainted",
        steps=steps,
        money=[_movement(moved) for moved in run.money],
        checks=[_check(check) for check in run.checks],
        undo=[_undo(undo) for undo in run.undo],
        stranded=[Amount.of(amount) for amount in ended.stranded],
        labels=dict(ended.labels),
    )


def _step(step: _OpenStep, run_at_ns: int) -> Step:
    started = step.started
    ended = step.ended or _never_ended(started)
    return Step(
        id=started.step,
        purpose=started.purpose,
        operation=started.operation,
        outcome=ended.outcome,
        held=ended.held,
        tainted=ended.tainted,
        code=ended.code,
        reason=ended.reason,
        blame=ended.blame,
        expected_refusal=ended.expected_refusal,
        refusal_class=ended.refusal_class,
        offset_ms=milliseconds(started.at_ns - run_at_ns),
        latency_ms=milliseconds(ended.latency_ns),
        attempts=ended.attempts,
        polls=ended.polls,
        sli=ended.sli,
        labels=dict(ended.labels),
        out=_json_object(ended.out),
        exchanges=[_exchange(exchange, run_at_ns) for exchange in step.exchanges],
    )


def _never_ended(started: StepStarted) -> StepEnded:
    return StepEnded(
        run_id=started.run_id,
        step=started.step,
        operation=started.operation,
        outcome=StepOutcome.UNKNOWN,
        held=False,
        code="",
        reason="the run ended before this step did",
        blame=None,
        latency_ns=0,
        tainted=False,
        attempts=1,
        polls=0,
        at_ns=started.at_ns,
    )


def _exchange(done: ExchangeDone, run_at_ns: int) -> Exchange:
    return Exchange(
        purpose=done.purpose,
        kind=done.kind,
        operation=done.operation,
        request=Request(line=done.request_line, headers=list(done.request_headers), body=done.request_body),
        answer=Answer(status=done.answer_status, headers=list(done.answer_headers), body=done.answer_body),
        fault=done.fault,
        expected=done.expected,
        held=done.held,
        offset_ms=milliseconds(done.times.sent - run_at_ns),
        # A frame that had come before it was asked for took no time.
        latency_ms=milliseconds(max(0, done.times.latency_ns)),
        harness_lag_ms=milliseconds(max(0, done.times.harness_lag_ns)),
        doubt_ms=milliseconds(done.times.doubt_ns),
        stamped=done.times.stamped,
        phases=_phases(done.times.phases),
        span_id=done.span_id,
        key=done.key,
    )


def _phases(phases: effects.Phases | None) -> Phases | None:
    if phases is None:
        return None
    return Phases(
        dns_ms=milliseconds(phases.dns),
        connect_ms=milliseconds(phases.connect),
        tls_ms=milliseconds(phases.tls),
        first_byte_ms=milliseconds(phases.first_byte),
        body_ms=milliseconds(phases.body),
    )


def _movement(moved: MoneyMoved) -> Movement:
    return Movement(
        step=moved.step,
        kind=moved.kind,
        amount=Amount.of(moved.amount),
        direction=moved.direction,
        outcome=moved.outcome,
        key=moved.key,
    )


def _check(check: CheckJudged) -> Check:
    return Check(
        name=check.name, held=check.held, message=check.message, blame=check.blame, evidence=list(check.evidence)
    )


def _undo(undo: UndoEnded) -> Undo:
    stranded = None if undo.stranded is None else Amount.of(undo.stranded)
    return Undo(step=undo.step, result=undo.result, reason=undo.reason, stranded=stranded)


def _json_object(values: Mapping[str, Any]) -> dict[str, JsonValue]:
    return {str(name): _json(value) for name, value in values.items()}


def _json(value: Any) -> JsonValue:
    """An output as JSON; money by its minor units and currency, anything else that JSON lacks by its text."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Money():
            return {"minor": value.minor, "currency": value.currency}
        case Mapping():
            return _json_object(value)
        case list() | tuple():
            return [_json(item) for item in value]
        case _:
            return str(value)
