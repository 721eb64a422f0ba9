"""Samples summed up: runs by outcome and blame, pass ratios per SLI and label, latencies, and the money that moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from synthetic.core.events import MoneyMoved
from synthetic.core.outcome import Blame, RunOutcome, StepOutcome
from synthetic.sli.latencies import Latencies
from synthetic.sli.movements import settled_movements
from synthetic.sli.ratios import Ratio
from synthetic.sli.samples import Labels, RunSample, StepSample

WS_RTT = "ws_rtt"
"""The SLI name under which a mapping reports the round-trip time of its WebSocket."""


@dataclass(frozen=True, slots=True, order=True)
class SliKey:
    """An SLI, whole (`labels` empty) or for one combination of label values such as `(("psp", "psp-a"),)`."""

    name: str
    labels: Labels = ()

    def __str__(self) -> str:
        return self.name + (f"[{', '.join(value for _, value in self.labels)}]" if self.labels else "")


@dataclass(frozen=True, slots=True)
class SliSummary:
    """One SLI. `left_out` steps are in neither ratio: their run was tainted or aborted, or the lag or fault was ours.

    `ratio` counts a step as held even after a retry, `first_attempt` only without one. `latencies` are those of the steps
    that held at once: a failure is counted as a failure and not as a fast or a slow answer.
    """

    ratio: Ratio
    first_attempt: Ratio
    latencies: Latencies
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class MoneySummary:
    """What moved in one currency, in minor units. A movement counts once it is known to be done.

    `in_minor` came into wallets from outside and `out_minor` went back; `net_cost_minor` is stakes less payouts: what
    playing cost. `unknown_minor` is what may or may not have moved, also in the end; `stranded_minor` could not be brought back.
    """

    currency: str
    in_minor: int = 0
    out_minor: int = 0
    staked_minor: int = 0
    paid_minor: int = 0
    unknown_minor: int = 0
    stranded_minor: int = 0

    @property
    def net_cost_minor(self) -> int:
        """Stakes less payouts."""
        return self.staked_minor - self.paid_minor


@dataclass(frozen=True, slots=True)
class CellSummary:
    """Everything of one cell, SLIs in the order in which they first came.

    `runs` is over the runs that count; `by_outcome` and `by_blame` over all of them.
    """

    cell: str
    track: str = ""
    version: str = ""
    runs: Ratio = field(default_factory=Ratio)
    by_outcome: Mapping[RunOutcome, int] = field(default_factory=dict)
    by_blame: Mapping[Blame, int] = field(default_factory=dict)
    by_scenario: Mapping[str, Ratio] = field(default_factory=dict)
    violations: Mapping[str, int] = field(default_factory=dict)
    slis: Mapping[SliKey, SliSummary] = field(default_factory=dict)
    money: Mapping[str, MoneySummary] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All runs, those that count and those that do not."""
        return sum(self.by_outcome.values())

    @property
    def ws_rtt_p95_ms(self) -> float | None:
        """The 95th percentile of the WebSocket round trip; None where it was not measured."""
        rtt = self.slis.get(SliKey(WS_RTT))
        return None if rtt is None else rtt.latencies.percentile_ms(95)


def summarise(samples: Iterable[RunSample]) -> dict[str, CellSummary]:
    """One summary a cell, by name, in the order in which cells first appear."""
    by_cell: dict[str, list[RunSample]] = {}
    for sample in samples:
        by_cell.setdefault(sample.cell, []).append(sample)
    return {cell: summarise_cell(cell, runs) for cell, runs in by_cell.items()}


def summarise_cell(cell: str, runs: Sequence[RunSample]) -> CellSummary:
    """The summary of runs of one cell; of no runs, one in which everything is unknown."""
    last = max(runs, key=lambda run: run.wall_ns, default=None)
    counted = [run for run in runs if run.counts]
    return CellSummary(
        cell=cell,
        track=last.track if last else "",
        version=last.version if last else "",
        runs=_pass_ratio(counted),
        by_outcome=Counter(run.outcome for run in runs),
        by_blame=Counter(run.blame for run in runs if run.blame is not None),
        by_scenario={name: _pass_ratio([run for run in counted if run.scenario == name]) for name in _scenarios(runs)},
        violations=Counter(name for run in counted for name in run.violated),
        slis=_slis(runs),
        money=_money(runs),
    )


def _scenarios(runs: Iterable[RunSample]) -> list[str]:
    return sorted({run.scenario for run in runs})


def _pass_ratio(runs: Sequence[RunSample]) -> Ratio:
    return Ratio(sum(run.outcome is RunOutcome.OK for run in runs), len(runs))


def _slis(runs: Iterable[RunSample]) -> dict[SliKey, SliSummary]:
    steps: dict[SliKey, list[tuple[StepSample, bool]]] = {}
    for run in runs:
        for step in run.steps:
            for key in {SliKey(step.sli), SliKey(step.sli, step.labels)}:
                steps.setdefault(key, []).append((step, run.counts and step.counts))
    flow = {name: place for place, name in enumerate(dict.fromkeys(key.name for key in steps))}
    return {key: _sli(steps[key]) for key in sorted(steps, key=lambda key: (flow[key.name], key.labels))}


def _sli(steps: Sequence[tuple[StepSample, bool]]) -> SliSummary:
    counted = [step for step, counts in steps if counts]
    return SliSummary(
        ratio=Ratio(sum(step.held for step in counted), len(counted)),
        first_attempt=Ratio(sum(step.held_at_once for step in counted), len(counted)),
        latencies=Latencies.of(step.latency_ns for step in counted if step.held_at_once),
        left_out=len(steps) - len(counted),
    )


def _money(runs: Iterable[RunSample]) -> dict[str, MoneySummary]:
    """Money is money: what a tainted or aborted run moved is counted as well."""
    totals: dict[str, Counter[str]] = {}
    for run in runs:
        for moved in settled_movements(run):
            totals.setdefault(moved.amount.currency, Counter())[_column(moved)] += moved.amount.minor
        for amount in run.stranded:
            totals.setdefault(amount.currency, Counter())["stranded_minor"] += amount.minor
    return {currency: _money_of(currency, totals[currency]) for currency in sorted(totals)}


_COLUMNS = {"in": "in_minor", "out": "out_minor", "stake": "staked_minor", "payout": "paid_minor"}


def _column(moved: MoneyMoved) -> str:
    """Where a movement is counted; a refused one, and one inside the house (a bonus), nowhere that is shown."""
    if moved.outcome is StepOutcome.UNKNOWN:
        return "unknown_minor"
    return _COLUMNS.get(moved.direction, "") if moved.outcome is StepOutcome.DONE else ""


def _money_of(currency: str, totals: Mapping[str, int]) -> MoneySummary:
    return MoneySummary(currency, **{column: minor for column, minor in totals.items() if column})
