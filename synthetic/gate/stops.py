"""Hard stops: what has happened of late in pairs of runs, and whether it is more than may be, and the canary's own doing.

Both runs of a pair have ended when it counts, so that a fault which both sides share is never seen on one side a moment before the
other. A share that is too high on the canary is no proof by itself, either: one in three on both sides is more than 30 % on one of
them now and then. So a rollback takes the McNemar test over the pairs that are bad on one side only, like any other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from synthetic.gate.counts import Counts, Evidence, Stream, Tally
from synthetic.gate.eprocess import Process, begin, canary_sided, log_e_canary_only
from synthetic.gate.observed import Observation, Signal
from synthetic.gate.policy import RUN, HardStop, Policy
from synthetic.gate.shares import alpha_of_stop, shares_of_values

SECOND_NS = 1_000_000_000
SIGNALS_MAX = 1_000_000
PERCENT_MAX = 99
"""Of a baseline that takes no traffic any more nothing could be compared, and what it reports is of the time before."""
Standing = Literal["alone", "unsure", "shared"]


@dataclass(slots=True)
class StopFold:
    """Keeps what pairs say of hard stops: each for as long as its stop looks back, and by tick what failed on one side only."""

    stops: tuple[HardStop, ...]
    _events: dict[str, list[tuple[int, str, Counts]]] = field(default_factory=dict)
    _ticks: dict[tuple[str, str], dict[int, Counts]] = field(default_factory=dict)

    def take(self, tick: int, canary: Observation, baseline: Observation) -> None:
        """Add one pair, whose runs have both ended."""
        ended_ns = max(one.started_ns + one.duration_ns for one in (canary, baseline))
        for stop in self.stops:
            for value, counts in _told(stop, canary, baseline):
                self._events.setdefault(stop.name, []).append((ended_ns, value, counts))
                ticks = self._ticks.setdefault((stop.name, value), {})
                ticks[tick] = ticks.get(tick, Counts()) + counts

    def streams(self, last: int) -> tuple[Stream, ...]:
        """The pairs of each hard stop and value, by tick, up to the `last` one."""
        return tuple(
            Stream(*key, ticks=tuple(sorted((tick, counts) for tick, counts in ticks.items() if tick <= last)))
            for key, ticks in sorted(self._ticks.items())
        )

    def tallies(
        self, now_ns: int, signals: Sequence[Signal], *, cell: str, baseline: str
    ) -> dict[str, tuple[Tally, ...]]:
        """For each hard stop its tallies by cell and value, of the time that it looks back from `now_ns`."""
        tracks = {cell: "canary", baseline: "baseline"}
        return {
            stop.name: _reported(stop, now_ns, signals, tracks) if stop.is_signal else self._tally(stop, now_ns)
            for stop in self.stops
        }

    def _tally(self, stop: HardStop, now_ns: int) -> tuple[Tally, ...]:
        from_ns = now_ns - round(stop.within_s * SECOND_NS)
        kept = [event for event in self._events.get(stop.name, ()) if event[0] >= from_ns]
        self._events[stop.name] = kept
        counted: dict[str, Counts] = {}
        for ended_ns, value, counts in kept:
            if ended_ns <= now_ns:
                counted[value] = counted.get(value, Counts()) + counts
        return tuple(
            Tally(track, counts.pairs, bad, value)
            for value, counts in sorted(counted.items())
            for track, bad in (("baseline", counts.baseline_failed), ("canary", counts.canary_failed))
        )


def _told(stop: HardStop, canary: Observation, baseline: Observation) -> list[tuple[str, Counts]]:
    """What a pair says of a hard stop, by the value of its label."""
    if canary.failed is None or baseline.failed is None or stop.is_signal:
        return []
    if stop.source == RUN:
        sides = (bool(one.failed) and stop.blame in ("", one.blame) for one in (canary, baseline))
        return [(canary.row.get(stop.by, ""), _counts(*sides))]
    beside = {step.step: step for step in baseline.steps if step.sli == stop.source and step.held is not None}
    return [
        (
            step.labels.get(stop.by) or canary.row.get(stop.by, ""),
            _counts(*(not one.held and stop.blame in ("", one.blame) for one in (step, beside[step.step]))),
        )
        for step in canary.steps
        if step.sli == stop.source and step.held is not None and step.step in beside
    ]


def _counts(canary: bool, baseline: bool) -> Counts:  # noqa: FBT001 - always given by place, canary first
    return Counts(1, int(canary and not baseline), int(baseline and not canary), int(canary and baseline))


def _reported(stop: HardStop, now_ns: int, signals: Iterable[Signal], tracks: Mapping[str, str]) -> tuple[Tally, ...]:
    """What was reported of each cell and label within the stop's time, summed up.

    What is no number says nothing, and a number below 0 takes nothing back.
    """
    from_ns = now_ns - round(stop.within_s * SECOND_NS)
    sums: dict[tuple[str, str], float] = {}
    for signal in signals:
        track = tracks.get(signal.cell)
        if signal.name == stop.name and track and from_ns <= signal.at_ns <= now_ns and math.isfinite(signal.value):
            sums[track, signal.label] = sums.get((track, signal.label), 0.0) + max(signal.value, 0.0)
    return tuple(
        Tally(track, 1, int(amount > stop.above), label, amount) for (track, label), amount in sorted(sums.items())
    )


@dataclass(frozen=True, slots=True)
class Stopped:
    """A hard stop that is met on the canary. `other`: what the baseline shows of it.

    `standing`: `alone` is the canary's own doing, `shared` hits the baseline as well, `unsure` looks like the canary's own doing.
    `percent`: the canary's share of the traffic that a signal is held against; 0: nobody has told it, or it does not matter.
    """

    stop: HardStop
    tally: Tally
    other: Tally
    standing: Standing
    percent: int = 0


def stopped(policy: Policy, evidence: Evidence) -> list[Stopped]:
    """Every hard stop that is met, those of the canary alone first, then those that may be."""
    found = []
    for stop in policy.hard_stops:
        tallies = evidence.tallies.get(stop.name, ())
        beside = {tally.value: tally for tally in tallies if tally.track == "baseline"}
        for tally in tallies:
            if tally.track == "canary" and _is_met(stop, tally):
                other = beside.get(tally.value, Tally("baseline", 0, 0, tally.value))
                if stop.is_signal:
                    percent = _percent_of_traffic(evidence, stop)
                    stand = _of_signal(policy, stop, tally, other, percent)
                    found.append(Stopped(stop, tally, other, stand, percent))
                else:
                    found.append(Stopped(stop, tally, other, _of_pairs(policy, evidence, stop, tally, other)))
    return sorted(found, key=lambda one: ("alone", "unsure", "shared").index(one.standing))


def _is_met(stop: HardStop, tally: Tally) -> bool:
    if stop.is_signal:
        return math.isfinite(tally.amount) and tally.amount > stop.above
    return tally.total >= max(stop.at_least, 1) and tally.bad > stop.above * tally.total


def _of_pairs(policy: Policy, evidence: Evidence, stop: HardStop, tally: Tally, other: Tally) -> Standing:
    streams = [stream for stream in evidence.stop_streams if stream.objective == stop.name]
    for stream, part in zip(streams, shares_of_values(policy, stop.by, streams), strict=True):
        if stream.value == tally.value and _log_own_doing(stream) >= -math.log(alpha_of_stop(policy, stop) * part):
            return "alone"
    return "shared" if _is_met(stop, other) or other.bad * 2 >= tally.bad else "unsure"


def _log_own_doing(stream: Stream) -> float:
    """log of the evidence that bad pairs are so on the canary rather than on either side; holds at every look."""
    process, start = Process(canary_sided()), 0
    for tick, counts in stream.ticks:
        if counts.canary_only or counts.baseline_only:
            start = begin((process,), start, tick)
            process.take(counts.canary_only, counts.baseline_only)
    return process.log_value()


def _percent_of_traffic(evidence: Evidence, stop: HardStop) -> int:
    """The most that the canary has taken of the traffic within the stop's time: by that it is accused of least. 0: unknown."""
    from_ns = evidence.now_ns - round(stop.within_s * SECOND_NS)
    begun = [(at_ns, percent) for at_ns, percent in evidence.shares if at_ns <= evidence.now_ns]
    ends = [*(at_ns for at_ns, _ in begun), evidence.now_ns][1:]
    percents = [percent for (_, percent), end_ns in zip(begun, ends, strict=False) if end_ns >= from_ns]
    return min(max(percents, default=0), PERCENT_MAX)


def _of_signal(policy: Policy, stop: HardStop, tally: Tally, other: Tally, percent: int) -> Standing:
    """Where the baseline shows it as well, the canary has to report far more; each number counts as so many events.

    Where the canary's share of the traffic is known, what the baseline has reported is what that is for as much traffic as the
    canary's; and half of what the canary has is enough to be no proof by itself.
    """
    times = percent / (100 - percent) if percent else 1.0
    beside = min(other.amount, SIGNALS_MAX) * times
    if beside <= stop.above and (not percent or beside * 2 < tally.amount):
        return "alone"
    mine, its = (int(min(amount, SIGNALS_MAX)) for amount in (tally.amount, math.ceil(min(other.amount, SIGNALS_MAX))))
    own = log_e_canary_only(mine, its, percent / 100 if percent else 0.5) >= -math.log(alpha_of_stop(policy, stop))
    return "alone" if own else "shared"
