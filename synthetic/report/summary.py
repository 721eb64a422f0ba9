"""The summary of a session as a document: canary beside baseline, failures grouped, the gate's verdict.

What is printed (`tables.py`) is this document and nothing else, so a file of it says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from synthetic.core.outcome import Blame, RunOutcome
from synthetic.core.wording import one_line
from synthetic.gate.decision import Decision
from synthetic.report.records import utc
from synthetic.sli.ratios import Ratio
from synthetic.sli.samples import RunSample
from synthetic.sli.summaries import CellSummary, MoneySummary, SliKey, SliSummary, summarise

PERCENTILES = "nearest rank over the exact latencies of the steps that held at their first attempt"


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PassRatio(_Document):
    """`held` of `total`; `ratio` and its 95 % Wilson interval are null where nothing was counted: unknown, not a pass."""

    held: int
    total: int
    ratio: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, ratio: Ratio) -> PassRatio:
        """The same ratio as a document."""
        interval = ratio.interval()
        low, high = (None, None) if interval is None else (round(interval.low, 6), round(interval.high, 6))
        value = None if ratio.value is None else round(ratio.value, 6)
        return cls(held=ratio.held, total=ratio.total, ratio=value, low=low, high=high)


class SliBlock(_Document):
    """One SLI of one cell, whole or for one combination of labels such as {psp: psp-a}."""

    name: str
    labels: dict[str, str]
    passed: PassRatio
    first_attempt: PassRatio
    left_out: Annotated[int, Field(description="steps that say nothing of the target: tainted, aborted, our own fault")]
    p50_ms: float | None
    p95_ms: float | None

    @property
    def label(self) -> str:
        """`deposit[psp-a]`."""
        return str(SliKey(self.name, tuple(sorted(self.labels.items()))))


class MoneyBlock(_Document):
    """What moved in one currency, in minor units; `net_cost_minor` is stakes less payouts.

    `missing_minor` is what went in and neither came out nor was played away: the books of the platform do not close.
    """

    currency: str
    in_minor: int
    out_minor: int
    net_cost_minor: int
    missing_minor: int
    unknown_minor: int
    stranded_minor: int


class CellBlock(_Document):
    """One cell."""

    cell: str
    track: str
    version: str
    runs: int
    by_outcome: dict[RunOutcome, int]
    by_blame: dict[Blame, int]
    passed: PassRatio
    scenarios: dict[str, PassRatio]
    slis: list[SliBlock]
    ws_rtt_p95_ms: float | None
    money: list[MoneyBlock]
    violations: Annotated[dict[str, int], Field(description="broken checks and how many runs broke them")]


class FailureBlock(_Document):
    """Runs that did not pass in the same way: the same scenario, step or check, and blame."""

    scenario: str
    where: Annotated[str, Field(description="step or check")]
    outcome: RunOutcome
    blame: Blame | None
    cells: Annotated[dict[str, int], Field(description="how many runs of each cell")]
    reason: Annotated[str, Field(description="of the example run")]
    example: Annotated[str, Field(description="a run id for `synthetic explain`")]


class VerdictBlock(_Document):
    """The gate's decision with its reason, in words for the person who has to act."""

    verdict: Literal["pass", "fail", "inconclusive"]
    reason: str
    explanation: str

    @property
    def line(self) -> str:
        """The closing line."""
        return f"verdict: {self.verdict} ({self.reason}). {one_line(self.explanation)}"


Then = Literal["goes on", "promotes it", "rolls it back", "holds it"]


class ShareBlock(_Document):
    """A share of the traffic in a rollout that the gate decided on, and what a controller does at its verdict."""

    weight: Annotated[int, Field(description="percent of the traffic")]
    pairs: Annotated[int, Field(description="pairs of runs by then, since the rollout began")]
    verdict: Literal["pass", "fail", "inconclusive"]
    reason: str
    then: Then


class Summary(_Document):
    """A whole session. `about` says how it was made: seed, pairs, the fault that was thrown."""

    schema_version: Literal[1] = 1
    started_at: datetime | None
    about: dict[str, str | int | None]
    percentiles: str = PERCENTILES
    cells: list[CellBlock]
    failures: list[FailureBlock]
    rollout: Annotated[list[ShareBlock], Field(description="empty where none was played")] = []
    verdict: VerdictBlock | None

    def named(self, failure: FailureBlock) -> str:
        """Where a group of failures is, for a table: `deposit-bet-withdraw: step deposit`."""
        return f"{failure.scenario}: {failure.where}" if failure.where else failure.scenario


def summary_of(
    samples: Sequence[RunSample],
    decision: Decision | None = None,
    about: Mapping[str, str | int | None] | None = None,
    rollout: Sequence[ShareBlock] = (),
) -> Summary:
    """Sum up the samples of a session; `decision` is the gate's, where it was asked, the last one of a `rollout`."""
    cells = summarise(samples)
    order = sorted(cells.values(), key=lambda cell: (cell.track != "canary", cell.cell))
    return Summary(
        started_at=utc(min(sample.wall_ns for sample in samples)) if samples else None,
        about=dict(about or {}),
        cells=[_cell(cell) for cell in order],
        failures=_failures(samples),
        rollout=list(rollout),
        verdict=None if decision is None else _verdict(decision),
    )


def summary_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a session's summary."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Summary.model_json_schema(mode="serialization")


def _cell(cell: CellSummary) -> CellBlock:
    return CellBlock(
        cell=cell.cell,
        track=cell.track,
        version=cell.version,
        runs=cell.total,
        by_outcome={outcome: cell.by_outcome.get(outcome, 0) for outcome in RunOutcome},
        by_blame=dict(sorted(cell.by_blame.items())),
        passed=PassRatio.of(cell.runs),
        scenarios={name: PassRatio.of(ratio) for name, ratio in cell.by_scenario.items()},
        slis=[_sli(key, summary) for key, summary in cell.slis.items()],
        ws_rtt_p95_ms=cell.ws_rtt_p95_ms,
        money=[_money(money) for money in cell.money.values()],
        violations=dict(sorted(cell.violations.items())),
    )


def _sli(key: SliKey, summary: SliSummary) -> SliBlock:
    return SliBlock(
        name=key.name,
        labels=dict(key.labels),
        passed=PassRatio.of(summary.ratio),
        first_attempt=PassRatio.of(summary.first_attempt),
        left_out=summary.left_out,
        p50_ms=summary.latencies.percentile_ms(50),
        p95_ms=summary.latencies.percentile_ms(95),
    )


def _money(money: MoneySummary) -> MoneyBlock:
    return MoneyBlock(
        currency=money.currency,
        in_minor=money.in_minor,
        out_minor=money.out_minor,
        net_cost_minor=money.net_cost_minor,
        missing_minor=money.in_minor - money.out_minor - money.net_cost_minor,
        unknown_minor=money.unknown_minor,
        stranded_minor=money.stranded_minor,
    )


def _verdict(decision: Decision) -> VerdictBlock:
    return VerdictBlock(verdict=decision.verdict, reason=decision.reason, explanation=decision.explanation)


def _failures(samples: Iterable[RunSample]) -> list[FailureBlock]:
    """Groups of runs that are not ok, the largest first; what only taints or aborts comes after what fails."""
    groups: dict[tuple[str, str, RunOutcome, Blame | None], list[RunSample]] = {}
    for sample in samples:
        if sample.outcome is not RunOutcome.OK:
            key = (sample.scenario, _where(sample), sample.outcome, sample.blame)
            groups.setdefault(key, []).append(sample)
    ordered = sorted(groups.values(), key=lambda runs: (not runs[0].counts, -len(runs), runs[0].scenario))
    return [_failure(runs) for runs in ordered]


def _where(sample: RunSample) -> str:
    """A broken law is harder evidence than a failed step, so it names the group."""
    if sample.failed_check:
        return f"check {sample.failed_check}"
    return f"step {sample.failed_step}" if sample.failed_step else ""


def _failure(runs: Sequence[RunSample]) -> FailureBlock:
    cells = [run.cell for run in runs]
    example = runs[0]
    return FailureBlock(
        scenario=example.scenario,
        where=_where(example),
        outcome=example.outcome,
        blame=example.blame,
        cells={cell: cells.count(cell) for cell in sorted(set(cells))},
        reason=example.reason,
        example=example.run_id,
    )
