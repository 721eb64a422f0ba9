"""Hard stops: what has happened of late, counted for each cell by itself, and whether it is more than may be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from synthetic.gate.counts import Evidence, Tally
from synthetic.gate.observed import Observation, Signal
from synthetic.gate.policy import HardStop, Policy

SECOND_NS = 1_000_000_000
SIGNAL = "signal"
RUNS = "run"


@dataclass(slots=True)
class StopFold:
    """Keeps what runs say of hard stops for as long as the longest of them looks back."""

    stops: tuple[HardStop, ...]
    _events: dict[str, list[tuple[int, str, str, bool]]] = field(default_factory=dict)

    def take(self, track: str, seen: Observation) -> None:
        """Add one run of a cell."""
        ended_ns = seen.started_ns + seen.duration_ns
        for stop in self.stops:
            self._events.setdefault(stop.name, []).extend(
                (ended_ns, track, value, bad) for value, bad in _told(stop, seen)
            )

    def tallies(
        self, now_ns: int, signals: Sequence[Signal], *, cell: str, baseline: str
    ) -> dict[str, tuple[Tally, ...]]:
        """For each hard stop its tallies by cell and value, of the time that it looks back from `now_ns`."""
        tracks = {cell: "canary", baseline: "baseline"}
        told = {}
        for stop in self.stops:
            if stop.source == SIGNAL:
                told[stop.name] = _reported(stop, now_ns, signals, tracks)
            else:
                told[stop.name] = self._tally(stop, now_ns)
        return told

    def _tally(self, stop: HardStop, now_ns: int) -> tuple[Tally, ...]:
        from_ns = now_ns - round(stop.within_s * SECOND_NS)
        kept = [event for event in self._events.get(stop.name, ()) if event[0] >= from_ns]
        self._events[stop.name] = kept
        counted: dict[tuple[str, str], list[bool]] = {}
        for ended_ns, track, value, bad in kept:
            if ended_ns <= now_ns:
                counted.setdefault((track, value), []).append(bad)
        return tuple(Tally(track, len(bad), sum(bad), value) for (track, value), bad in sorted(counted.items()))


def _told(stop: HardStop, seen: Observation) -> list[tuple[str, bool]]:
    """What a run says of a hard stop: (value of its label, whether it is bad)."""
    if seen.failed is None or stop.source == SIGNAL:
        return []
    if stop.source == RUNS:
        return [(seen.row.get(stop.by, ""), seen.failed and stop.blame in ("", seen.blame))]
    return [
        (step.labels.get(stop.by) or seen.row.get(stop.by, ""), not step.held and stop.blame in ("", step.blame))
        for step in seen.steps
        if step.sli == stop.source and step.held is not None
    ]


def _reported(stop: HardStop, now_ns: int, signals: Iterable[Signal], tracks: Mapping[str, str]) -> tuple[Tally, ...]:
    """What was reported of each cell and label within the stop's time, summed up. What is no number says nothing."""
    from_ns = now_ns - round(stop.within_s * SECOND_NS)
    sums: dict[tuple[str, str], float] = {}
    for signal in signals:
        track = tracks.get(signal.cell)
        if signal.name == stop.name and track and from_ns <= signal.at_ns <= now_ns and math.isfinite(signal.value):
            sums[track, signal.label] = sums.get((track, signal.label), 0.0) + signal.value
    return tuple(
        Tally(track, 1, int(amount > stop.above), label, amount) for (track, label), amount in sorted(sums.items())
    )


@dataclass(frozen=True, slots=True)
class Stopped:
    """A hard stop that is met on the canary; `shared`: the baseline shows the same."""

    stop: HardStop
    tally: Tally
    shared: bool


def stopped(policy: Policy, evidence: Evidence) -> list[Stopped]:
    """Every hard stop that is met, those of the canary alone first."""
    found = []
    for stop in policy.hard_stops:
        tallies = evidence.tallies.get(stop.name, ())
        on_baseline = {tally.value for tally in tallies if tally.track == "baseline" and _is_met(stop, tally)}
        found += [
            Stopped(stop, tally, tally.value in on_baseline)
            for tally in tallies
            if tally.track == "canary" and _is_met(stop, tally)
        ]
    return sorted(found, key=lambda one: one.shared)


def _is_met(stop: HardStop, tally: Tally) -> bool:
    if stop.source == SIGNAL:
        return math.isfinite(tally.amount) and tally.amount > stop.above
    return tally.total >= max(stop.at_least, 1) and tally.bad > stop.above * tally.total
