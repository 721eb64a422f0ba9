"""Our gate on many traces at once: what `synthetic.gate.decide` does, in arrays. A test holds it equal to decide, path by path.

Each slot of 10 s ends with a look. What decide says then is done: a failure on the canary alone makes the next slots denser.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bench.gate_power.processes import Processes
from bench.gate_power.stopping import HardStops
from bench.gate_power.traces import PSPS, SLOT_S, Rates, Traces
from synthetic.gate.eprocess import (
    SLOW_SHARES,
    above_budget,
    canary_sided,
    hits_max,
    log_e_above_budget,
    next_start,
    start_weight,
)
from synthetic.gate.policy import Policy
from synthetic.gate.shares import alpha_of_objectives
from synthetic.gate.weighing import SUSPECT_ODDS

Ints = NDArray[np.int64]
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Watched:
    """One stream of our gate: its budget, its share of the error level, and the PSPs whose pairs it has.

    `slow`: the share of slow answers on either side, drawn beside the traces; 0: what the traces say counts.
    """

    budget: float
    share: float
    psps: tuple[int, ...]
    latency: bool = False
    slow: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """When each run was rolled back, in slots (-1: never), and how many pairs it has played."""

    slot: Ints
    played: Ints


@cache
def suspicious_from(pairs: int, budget: float) -> int:
    """So many slow answers of so many pairs are suspicious (more than there are pairs: none is)."""
    enough = (hits for hits in range(1, pairs + 1) if log_e_above_budget(hits, pairs, budget) >= math.log(SUSPECT_ODDS))
    return next(enough, pairs + 1)


class Suspicion:
    """Which runs the gate is suspicious of: a failure of the canary alone of late, or more slow answers than there may be."""

    def __init__(self, policy: Policy, streams: tuple[Watched, ...], runs: int) -> None:
        self._policy = policy
        self._latency = np.array([stream.latency for stream in streams])
        self._budgets = [stream.budget for stream in streams if stream.latency]
        self._last_failed = np.full(runs, -(10**6), dtype=np.int64)
        self._slow: list[tuple[int, Ints, Ints]] = []
        self._runs, self._tick = runs, 0

    def begin(self, tick: int) -> None:
        """A tick begins; slow answers that are too old for any suspicion are forgotten."""
        self._tick = tick
        if self._budgets:
            oldest = tick - math.ceil(self._policy.suspect_for_s / self._policy.tick_s) - 1
            none = np.zeros((self._runs, len(self._budgets)), dtype=np.int64)
            self._slow = [one for one in self._slow if one[0] >= oldest] + [(tick, none, none.copy())]

    def take(self, hits: Ints, pairs: Ints) -> None:
        """Failures of the canary alone, and pairs, by stream."""
        failed = hits[:, ~self._latency].any(axis=1)
        self._last_failed = np.where(failed, self._tick, self._last_failed)
        if self._budgets:
            _, slow, of = self._slow[-1]
            slow += hits[:, self._latency]
            of += pairs[:, self._latency]

    def at(self, now_s: float) -> NDArray[np.bool_]:
        """Who is suspicious now."""
        from_tick = (now_s - self._policy.suspect_for_s) / self._policy.tick_s - 1
        suspicious: NDArray[np.bool_] = self._last_failed > from_tick
        recent = [(slow, of) for tick, slow, of in self._slow if tick > from_tick]
        if recent:
            slow, of = (np.sum(counts, axis=0) for counts in zip(*recent, strict=True))
            for stream, budget in enumerate(self._budgets):
                for pairs in np.unique(of[:, stream]):
                    enough = slow[:, stream] >= suspicious_from(int(pairs), budget)
                    suspicious |= enough & (of[:, stream] == pairs)
        return suspicious

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Leave the other runs aside."""
        self._last_failed, self._runs = self._last_failed[kept], int(kept.sum())
        self._slow = [(tick, slow[kept], of[kept]) for tick, slow, of in self._slow]


class _Batch:
    """Runs that are still on, with what decide would read out of their evidence. Arrays of shape (runs, streams)."""

    def __init__(self, policy: Policy, streams: tuple[Watched, ...], runs: Ints) -> None:
        shape = (len(runs), len(streams))
        self.policy, self.runs = policy, runs
        self.above = Processes(len(runs), [above_budget(stream.budget) for stream in streams])
        self.sided = Processes(
            len(runs), [canary_sided(SLOW_SHARES) if stream.latency else canary_sided() for stream in streams]
        )
        self.needed_above = np.array([-math.log(policy.alpha_budget * stream.share) for stream in streams])
        self.needed_sided = np.array([-math.log(alpha_of_objectives(policy) * stream.share) for stream in streams])
        self.hits_max = np.array([hits_max(stream.budget, policy.burst_max) for stream in streams], dtype=np.int64)
        told = [[psp in stream.psps and not stream.slow for stream in streams] for psp in range(PSPS)]
        self.members = np.array(told).astype(np.int64)
        self.slow = np.array([stream.slow for stream in streams])
        self.size = np.array([len(stream.psps) for stream in streams], dtype=np.int64)
        self.clean = self.above.factors(np.array([1, policy.suspect_factor])[:, None] * self.size[None])
        self.next_start = 0
        self.streak, self.in_tick, self.counted_in_tick = (np.zeros(shape, dtype=np.int64) for _ in range(3))
        self.suspicion = Suspicion(policy, streams, len(runs))
        # Slow answers are no failures: a hard stop has nothing to say of them.
        judged = not all(stream.latency for stream in streams)
        self.stops = HardStops(policy if judged else replace(policy, hard_stops=()), len(runs))
        self.is_sided = np.zeros(shape, dtype=np.bool_)
        self.pairs = np.zeros(len(runs), dtype=np.int64)

    def begin(self, tick: int) -> None:
        """A tick begins: processes start anew where they may, and its bursts are counted from 0."""
        self.suspicion.begin(tick)
        weight = 0.0
        while self.next_start <= tick:
            weight += start_weight(self.next_start)
            self.next_start = next_start(self.next_start)
        if weight:
            self.above.start(weight)
            self.sided.start(weight)
            self.stops.start(weight)
        for counted in (self.in_tick, self.counted_in_tick):
            counted[:] = 0

    def take(self, canary: Ints, baseline: Ints, count: Ints, random: np.random.Generator) -> NDArray[np.bool_]:
        """Take one slot: failures on one side alone, (runs, PSPs), of so many pairs a PSP. Answers which streams are over both."""
        hits, its = canary @ self.members, baseline @ self.members
        if self.slow.any():
            pairs, alone = count[:, None] * self.size[None], (self.slow * (1 - self.slow))[None]
            slow = random.binomial(pairs, alone)
            hits, its = hits + slow, its + random.binomial(pairs - slow, alone / (1 - alone))
        self.pairs += count * PSPS
        self.suspicion.take(hits, count[:, None] * self.size[None])
        # As if all were clean; those that were not are put right below.
        self.above.multiply(self.clean[(count > 1).astype(np.int64)])
        touched = np.flatnonzero(hits.any(axis=1) | its.any(axis=1) | self.in_tick.any(axis=1))
        if len(touched):
            self.in_tick[touched] += hits[touched]
            counted = np.minimum(self.in_tick[touched], self.hits_max)
            new = counted - self.counted_in_tick[touched]
            self.counted_in_tick[touched] = counted
            self.above.take(new, -hits[touched], touched)
            self.sided.take(new, its[touched], touched)
            self.is_sided[touched] = self.sided.logs(touched) >= self.needed_sided
        over = self.is_sided.copy()
        near = np.flatnonzero(over.any(axis=1))
        if len(near):
            over[near] &= self.above.logs(near) >= self.needed_above
        return over

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Leave the other runs aside."""
        self.above.keep(kept)
        self.sided.keep(kept)
        self.runs, self.streak, self.in_tick = self.runs[kept], self.streak[kept], self.in_tick[kept]
        self.counted_in_tick, self.is_sided = self.counted_in_tick[kept], self.is_sided[kept]
        self.pairs = self.pairs[kept]
        self.suspicion.keep(kept)
        self.stops.keep(kept)


def play(
    policy: Policy,
    streams: tuple[Watched, ...],
    traces: Traces,
    random: np.random.Generator,
    *,
    stop: bool = True,
) -> Outcome:
    """Let our gate look at every trace.

    `stop` False: what is rolled back is played on all the same, so that `played` is of whole traces.
    """
    slots_a_tick = round(policy.tick_s / SLOT_S)
    batch = _Batch(policy, streams, np.arange(traces.runs))
    slot_of = np.full(traces.runs, -1, dtype=np.int64)
    played_of = np.zeros(traces.runs, dtype=np.int64)
    for slot in range(traces.slots):
        tick, in_tick = divmod(slot, slots_a_tick)
        if in_tick == 0:
            batch.begin(tick)
        dense = _is_dense(policy, batch, slot)
        canary, baseline, both, count = _probe(
            traces, batch.runs, slot, np.where(dense, policy.suspect_factor, 1), random
        )
        over = batch.take(canary, baseline, count, random)
        stopped = batch.stops.take(canary, baseline, both, count) | ((batch.streak + over) >= policy.consecutive).any(
            axis=1
        )
        rolled_back = stopped & (slot_of[batch.runs] < 0)
        if in_tick == slots_a_tick - 1:
            batch.streak = np.where(over, batch.streak + 1, 0)
        slot_of[batch.runs[rolled_back]] = slot
        if stop and rolled_back.any():
            played_of[batch.runs[rolled_back]] = batch.pairs[rolled_back]
            batch.keep(~rolled_back)
            if not len(batch.runs):
                break
    played_of[batch.runs] = batch.pairs
    return Outcome(slot_of, played_of)


def _is_dense(policy: Policy, batch: _Batch, slot: int) -> NDArray[np.bool_]:
    now_s = slot * SLOT_S
    if now_s < min(policy.eager_s, policy.window_s):
        return np.ones(len(batch.runs), dtype=np.bool_)
    return batch.suspicion.at(now_s)


def _probe(
    traces: Traces, runs: Ints, slot: int, density: Ints, random: np.random.Generator
) -> tuple[Ints, Ints, Ints, Ints]:
    """Failures on the canary alone, the baseline alone and both, (runs, PSPs), and how many pairs of each PSP were played."""
    one, other = traces.canary[runs, slot], traces.baseline[runs, slot]
    canary, baseline, both = (failed.astype(np.int64) for failed in (one & ~other, other & ~one, one & other))
    more = density - 1
    denser = np.flatnonzero(more)
    if len(denser):
        rates = [
            (side[runs[denser], slot] if len(side) > 1 else np.broadcast_to(side[0, slot], (len(denser), PSPS)))
            for side in (traces.canary_rates, traces.baseline_rates)
        ]
        alone, its = rates[0] * (1 - rates[1]), rates[1] * (1 - rates[0])
        further = random.binomial(more[denser][:, None], alone)
        canary[denser] += further
        left = more[denser][:, None] - further
        its_further = random.binomial(left, its / np.maximum(1 - alone, TINY))
        baseline[denser] += its_further
        both[denser] += random.binomial(left - its_further, _shared(rates[0] * rates[1], 1 - alone - its))
    return canary, baseline, both, density


def _shared(both: Rates, not_alone: Rates) -> Rates:
    shares: Rates = np.clip(both / np.maximum(not_alone, TINY), 0.0, 1.0)
    return shares
