"""What a load test has shown so far, in numbers that workers send to the master and the master adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from synthetic.core.outcome import Blame, RunOutcome
from synthetic.gate.policy import RUN
from synthetic.locust_user.histogram import Histogram
from synthetic.sli.samples import Labels, RunSample, StepSample
from synthetic.sli.summaries import summarise_cell

_BETWEEN = "\x1f"
REASONS_MAX = 200
"""So many different reasons are kept; what comes beyond is counted as one."""
OTHER_REASONS = "other reasons"
NO_PLAYER = "no player was free"
NO_USER = "no user was free until the end"
NO_BUDGET = "the budget was used up"

Key = tuple[str, Labels]
"""An SLI and its labels."""


@dataclass(slots=True)
class SliFigure:
    """One SLI. `left_out`: steps that say nothing of the target, for our own lag or fault. Latencies are of steps that held."""

    held: int = 0
    total: int = 0
    left_out: int = 0
    latencies: Histogram = field(default_factory=Histogram)

    def add(self, *, held: bool, counts: bool, latency_ns: int) -> None:
        """Count one step or run."""
        if not counts:
            self.left_out += 1
            return
        self.total += 1
        if held:
            self.held += 1
            self.latencies.add(latency_ns)

    def merge(self, other: SliFigure) -> None:
        """Add another one."""
        self.held += other.held
        self.total += other.total
        self.left_out += other.left_out
        self.latencies.merge(other.latencies)


@dataclass(slots=True)
class Figures:
    """Counts, latencies and money of many runs.

    `from_due`: how long runs took from the instant at which they were due to begin, so that no wait of ours is left out; the SLI
    `run` is of these times as well. `late`: how late they began. `reasons`: what failed, by blame. `money`: minor units, by
    currency and column of `sli.summaries.MoneySummary`. `missed`: runs that were due and could not begin, and why.
    """

    slis: dict[Key, SliFigure] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    blames: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    money: Counter[str] = field(default_factory=Counter)
    from_due: Histogram = field(default_factory=Histogram)
    late: Histogram = field(default_factory=Histogram)
    missed: Counter[str] = field(default_factory=Counter)

    def take(self, run: RunSample) -> None:
        """Count one run that has ended."""
        self.outcomes[run.outcome] += 1
        if run.blame is not None:
            self.blames[run.blame] += 1
            self._reason(
                f"{run.blame}{_BETWEEN}{run.failed_step or run.failed_check or run.outcome}{_BETWEEN}{run.reason}"
            )
        self.violations.update(run.violated)
        late_ns = max(0, run.schedule_lag_ns)
        whole = self._sli((RUN, run.row))
        whole.add(held=run.outcome is RunOutcome.OK, counts=run.counts, latency_ns=run.duration_ns + late_ns)
        for step in run.steps:
            self._take_step(step, counts=run.counts and step.counts)
        self.from_due.add(run.duration_ns + late_ns)
        self.late.add(late_ns)
        self._take_money(run)

    def miss(self, reason: str, count: int = 1) -> None:
        """Runs that were due and could not begin."""
        if count:
            self.missed[reason] += count

    def _take_step(self, step: StepSample, *, counts: bool) -> None:
        self._sli((step.sli, step.labels)).add(held=step.held, counts=counts, latency_ns=step.latency_ns)

    def _take_money(self, run: RunSample) -> None:
        for currency, summary in summarise_cell(run.cell, [run]).money.items():
            for column in MONEY_COLUMNS:
                self.money[f"{currency}{_BETWEEN}{column}"] += getattr(summary, column)

    def _sli(self, key: Key) -> SliFigure:
        return self.slis.setdefault(key, SliFigure())

    def _reason(self, reason: str) -> None:
        if reason not in self.reasons and len(self.reasons) >= REASONS_MAX:
            reason = f"{Blame.UNKNOWN}{_BETWEEN}{_BETWEEN}{OTHER_REASONS}"
        self.reasons[reason] += 1

    @property
    def runs(self) -> int:
        """All runs that ended, whatever they say."""
        return self.outcomes.total()

    def sli(self, name: str) -> SliFigure:
        """An SLI over all of its labels."""
        return together(figure for (known, _), figure in self.slis.items() if known == name)

    def by_label(self, name: str, label: str) -> dict[str, SliFigure]:
        """An SLI for each value of one of its labels."""
        values = {dict(labels)[label] for known, labels in self.slis if known == name and label in dict(labels)}
        return {
            value: together(
                figure
                for (known, labels), figure in self.slis.items()
                if known == name and dict(labels).get(label) == value
            )
            for value in sorted(values)
        }

    def told_reasons(self) -> list[tuple[str, str, str, int]]:
        """Blame, what failed, why, how often; the most frequent first."""
        return [(*_three(reason), count) for reason, count in self.reasons.most_common()]

    def told_money(self) -> dict[str, dict[str, int]]:
        """Minor units by currency and column."""
        told: dict[str, dict[str, int]] = {}
        for key, minor in sorted(self.money.items()):
            currency, column = key.split(_BETWEEN)
            told.setdefault(currency, {})[column] = minor
        return told

    def merge(self, other: Figures) -> None:
        """Add what another process has counted."""
        for key, figure in other.slis.items():
            self._sli(key).merge(figure)
        for name in _COUNTERS:
            getattr(self, name).update(getattr(other, name))
        self.from_due.merge(other.from_due)
        self.late.merge(other.late)

    def as_data(self) -> dict[str, Any]:
        """For the wire: texts, numbers and lists only."""
        slis = [
            [name, [list(pair) for pair in labels], one.held, one.total, one.left_out, one.latencies.as_data()]
            for (name, labels), one in self.slis.items()
        ]
        counters = {name: {str(key): count for key, count in getattr(self, name).items()} for name in _COUNTERS}
        return {"slis": slis, "from_due": self.from_due.as_data(), "late": self.late.as_data(), **counters}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Figures:
        """From the wire."""
        slis = {
            (name, tuple((key, value) for key, value in labels)): SliFigure(
                held, total, left_out, Histogram.of(latencies)
            )
            for name, labels, held, total, left_out, latencies in data["slis"]
        }
        counters = {name: Counter(data[name]) for name in _COUNTERS}
        return cls(slis, from_due=Histogram.of(data["from_due"]), late=Histogram.of(data["late"]), **counters)


_COUNTERS = ("outcomes", "blames", "reasons", "violations", "money", "missed")
MONEY_COLUMNS = ("in_minor", "out_minor", "staked_minor", "paid_minor", "unknown_minor", "stranded_minor")


def together(figures: Iterable[SliFigure]) -> SliFigure:
    """All of these as one."""
    whole = SliFigure()
    for figure in figures:
        whole.merge(figure)
    return whole


def _three(reason: str) -> tuple[str, str, str]:
    blame, what, why = reason.split(_BETWEEN, 2)
    return blame, what, why
