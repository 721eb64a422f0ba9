"""Pairs counted: per stream (an objective, for one value of its label) and per tick, the disjoint intervals of a watch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from synthetic.gate.observed import Signal


@dataclass(frozen=True, slots=True)
class Counts:
    """So many pairs; how many of them failed on one side only, or on both."""

    pairs: int = 0
    canary_only: int = 0
    baseline_only: int = 0
    both: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.pairs + other.pairs,
            self.canary_only + other.canary_only,
            self.baseline_only + other.baseline_only,
            self.both + other.both,
        )

    @property
    def canary_failed(self) -> int:
        """Failures of the canary, whatever the baseline did."""
        return self.canary_only + self.both

    @property
    def baseline_failed(self) -> int:
        """Failures of the baseline, whatever the canary did."""
        return self.baseline_only + self.both


def total(many: Iterable[Counts]) -> Counts:
    """All of them together."""
    pairs = canary_only = baseline_only = both = 0
    for counts in many:
        pairs += counts.pairs
        canary_only += counts.canary_only
        baseline_only += counts.baseline_only
        both += counts.both
    return Counts(pairs, canary_only, baseline_only, both)


@dataclass(frozen=True, slots=True)
class Stream:
    """The pairs of one objective, for one value of its label ("" where it has none), tick by tick.

    `ticks`: number of the tick (from the start of the watch, 0 first) -> its counts; ascending; a tick without pairs is not there.
    """

    objective: str
    value: str = ""
    ticks: tuple[tuple[int, Counts], ...] = ()

    @property
    def name(self) -> str:
        """`deposit_success_by_psp[psp-a]`."""
        return f"{self.objective}[{self.value}]" if self.value else self.objective

    @property
    def total(self) -> Counts:
        """All ticks together."""
        return total(counts for _, counts in self.ticks)


@dataclass(frozen=True, slots=True)
class Tally:
    """Paired events of a cell within a hard stop's time: how many, how many of them bad; of a signal, the sum (`amount`)."""

    track: str
    total: int
    bad: int
    value: str = ""
    amount: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a decision is made of. Wall nanoseconds: `since_ns` is the start of the watch, `now_ns` the look.

    `pairs`: all usable pairs of runs; `step_pairs`: those since the last step of the rollout. `missing_pairs`: pairs without a
    usable run on one side. `values`: per track and label which values were seen, such as {canary: {psp: {psp-a}}}; a track of
    which no run was seen is not there. `breaches`: the money laws that were broken on the `canary` alone, the `baseline` alone
    and on `both`, by name, once for each pair that broke it; `canary_unpaired` and `baseline_unpaired`: in runs without a pair.
    `last_pair_ns` 0: there was no pair; `step_ns`: when the present step began, 0: there is none.
    `tallies`: by hard stop, of pairs only; `stop_streams`: the same pairs by tick since the
    start of the watch, for whether it is the canary's own doing. `unreadable`: what of the evidence can't be true, such as runs
    that are dated in the future, in words. `expected`: for an objective by a label the values that are played (`Coverage`); one of
    which no pair was seen is a stream without pairs. `shares`: from which instant on the canary takes which percentage of the
    traffic, ascending, as far as somebody has told; what is reported of all traffic is compared by it.
    """

    since_ns: int
    now_ns: int
    streams: tuple[Stream, ...]
    pairs: int = 0
    step_pairs: int = 0
    missing_pairs: int = 0
    last_pair_ns: int = 0
    step_ns: int = 0
    values: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    breaches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tallies: Mapping[str, tuple[Tally, ...]] = field(default_factory=dict)
    stop_streams: tuple[Stream, ...] = ()
    signals: tuple[Signal, ...] = ()
    unreadable: tuple[str, ...] = ()
    expected: Mapping[str, frozenset[str]] = field(default_factory=dict)
    shares: tuple[tuple[int, int], ...] = ()
