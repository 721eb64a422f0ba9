"""gather(policy, observations, ...) -> Evidence: runs of two cells become pairs, and pairs become counts by stream and tick.

What can't be compared is missing, never a pass and never a failure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from synthetic.gate.counts import Counts, Evidence, Stream
from synthetic.gate.observed import Observation, Signal
from synthetic.gate.policy import Policy
from synthetic.gate.stops import StopFold
from synthetic.gate.units import labelled, units_of

SECOND_NS = 1_000_000_000
SKEW_S = 5.0
"""Clocks of two machines may differ by so much before a run counts as one from the future."""
Track = Literal["canary", "baseline"]


@dataclass(slots=True)
class Gathering:
    """Evidence that grows: `take` one observation after the other, ask for the `evidence` whenever one likes.

    `cell` is the canary's, `baseline` the one beside it ("" where there is none). What started before `since_ns` (wall,
    nanoseconds) and runs of other cells are left aside. The two runs of a pair may come in either order, and late.
    """

    policy: Policy
    cell: str
    baseline: str
    since_ns: int
    _runs: set[str] = field(default_factory=set)
    _waiting: dict[str, Observation] = field(default_factory=dict)
    _given_up: set[str] = field(default_factory=set)
    _streams: dict[tuple[str, str], dict[int, Counts]] = field(default_factory=dict)
    _ticks: Counter[int] = field(default_factory=Counter)
    _missing: int = 0
    _seen: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    _breaches: dict[str, Counter[str]] = field(default_factory=dict)
    _pair_starts: list[int] = field(default_factory=list)
    _latest_ns: int = 0
    _stops: StopFold = field(init=False)

    def __post_init__(self) -> None:
        self._stops = StopFold(self.policy.hard_stops)

    def take(self, seen: Observation) -> None:
        """Add one run. A run that was taken before changes nothing."""
        track = self._track(seen)
        if track is None or seen.started_ns < self.since_ns or seen.run_id in self._runs:
            return
        self._runs.add(seen.run_id)
        self._latest_ns = max(self._latest_ns, seen.started_ns)
        other = self._waiting.pop(seen.pair, None)
        if not seen.pair or seen.pair in self._given_up:
            self._alone(seen)
        elif other is None:
            self._waiting[seen.pair] = seen
        elif self._track(other) == track:  # one pair has one run on each side; the first one stands
            self._waiting[seen.pair] = other
        else:
            self._pair(seen, other)

    def evidence(
        self,
        now_ns: int,
        *,
        step_ns: int = 0,
        signals: Iterable[Signal] = (),
        expected: Mapping[str, frozenset[str]] | None = None,
        shares: tuple[tuple[int, int], ...] = (),
    ) -> Evidence:
        """What is known at `now_ns`. `step_ns`: when the present step of the rollout began; the others: as evidence has them."""
        self._give_up_waiting(now_ns)
        last = self._tick(now_ns)
        streams = tuple(_stream(key, ticks, last) for key, ticks in sorted(self._streams.items()))
        signals = tuple(signals)
        return Evidence(
            since_ns=self.since_ns,
            now_ns=now_ns,
            streams=streams,
            pairs=len(self._pair_starts),
            step_pairs=sum(start >= step_ns for start in self._pair_starts),
            missing_pairs=self._missing,
            step_ns=step_ns,
            last_pair_ns=max((start for start in self._pair_starts if start <= now_ns), default=0),
            values=_frozen(self._seen),
            breaches={side: tuple(sorted(laws.elements())) for side, laws in self._breaches.items()},
            tallies=self._stops.tallies(now_ns, signals, cell=self.cell, baseline=self.baseline),
            stop_streams=self._stops.streams(last),
            signals=signals,
            unreadable=self._unreadable(now_ns),
            expected=expected or {},
            shares=shares,
        )

    def _track(self, seen: Observation) -> Track | None:
        if seen.cell == self.cell:
            return "canary"
        return "baseline" if self.baseline and seen.cell == self.baseline else None

    def _tick(self, at_ns: int) -> int:
        return int((at_ns - self.since_ns) // round(self.policy.tick_s * SECOND_NS))

    def _pair(self, one: Observation, other: Observation) -> None:
        canary, baseline = (one, other) if self._track(one) == "canary" else (other, one)
        self._break(canary, baseline)
        for side in (canary, baseline):
            self._note_values(side)
        tick = self._tick(canary.started_ns)
        if self._are_apart(canary, baseline):
            self._missing += 1
            return
        self._stops.take(tick, canary, baseline)
        if canary.started_ns < self.since_ns + round(self.policy.warm_up_s * SECOND_NS):
            return
        if canary.failed is None or baseline.failed is None:
            self._missing += 1
            return
        self._pair_starts.append(canary.started_ns)
        for key, counts in units_of(self.policy.objectives, canary, baseline):
            ticks = self._streams.setdefault(key, {})
            ticks[tick] = ticks.get(tick, Counts()) + counts

    def _alone(self, seen: Observation) -> None:
        """A run without another side says nothing in numbers; a law that it broke is broken all the same, and told as such."""
        if seen.breaches:
            side = "canary" if self._track(seen) == "canary" else "baseline"
            self._breaches.setdefault(f"{side}_unpaired", Counter()).update(set(seen.breaches))
        self._note_values(seen)

    def _break(self, canary: Observation, baseline: Observation) -> None:
        """A law that a pair broke on one side is that side's; one that it broke on both is nobody's."""
        mine, its = set(canary.breaches), set(baseline.breaches)
        for side, laws in (("canary", mine - its), ("baseline", its - mine), ("both", mine & its)):
            if laws:
                self._breaches.setdefault(side, Counter()).update(laws)

    def _are_apart(self, canary: Observation, baseline: Observation) -> bool:
        """Whether the two sides went to different PSPs (or other values of a label), so that they can't be compared."""
        both = [(labelled(canary, by), labelled(baseline, by)) for by in self._labels]
        return any(here and there and not here & there for here, there in both)

    @property
    def _labels(self) -> set[str]:
        of_objectives = {objective.by for objective in self.policy.objectives}
        return (of_objectives | {stop.by for stop in self.policy.hard_stops}) - {""}

    def _note_values(self, seen: Observation) -> None:
        labels = self._seen.setdefault(str(self._track(seen)), {})
        for by in {objective.by for objective in self.policy.objectives if objective.by}:
            labels.setdefault(by, set()).update(labelled(seen, by))

    def _give_up_waiting(self, now_ns: int) -> None:
        """A run whose other side has not come for so long has none: the pair is missing."""
        patience_ns = round(self.policy.stale_s * SECOND_NS)
        for pair, seen in list(self._waiting.items()):
            if seen.started_ns + seen.duration_ns + patience_ns <= now_ns:
                del self._waiting[pair]
                self._given_up.add(pair)
                self._alone(seen)
                self._missing += bool(self.baseline)

    def _unreadable(self, now_ns: int) -> tuple[str, ...]:
        told = []
        ahead_s = (self._latest_ns - now_ns) / SECOND_NS
        if ahead_s > SKEW_S:
            told.append(f"a run is dated {ahead_s:.0f} s in the future")
        if now_ns < self.since_ns:
            told.append("the clock stands before the start of the watch")
        return tuple(told)


def gather(
    policy: Policy,
    observations: Iterable[Observation],
    *,
    cell: str,
    baseline: str,
    since_ns: int,
    now_ns: int,
    step_ns: int = 0,
    signals: Iterable[Signal] = (),
) -> Evidence:
    """The evidence of these runs of a canary's cell and its baseline. Times: wall, nanoseconds."""
    gathering = Gathering(policy, cell, baseline, since_ns)
    for seen in observations:
        gathering.take(seen)
    return gathering.evidence(now_ns, step_ns=step_ns, signals=signals)


def _stream(key: tuple[str, str], ticks: Mapping[int, Counts], last: int) -> Stream:
    """Ticks in their order; what is dated behind the present one is told as unreadable, and counts nothing."""
    return Stream(*key, ticks=tuple(sorted((tick, counts) for tick, counts in ticks.items() if tick <= last)))


def _frozen(seen: Mapping[str, Mapping[str, set[str]]]) -> dict[str, dict[str, frozenset[str]]]:
    return {track: {by: frozenset(values) for by, values in labels.items()} for track, labels in seen.items()}
