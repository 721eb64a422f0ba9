"""Our gate on many traces at once: what `synthetic.gate.decide` does, in arrays. A test holds it equal to decide, path by path.

Each slot of 10 s ends with a look. What decide says then is done: a failure on the canary alone makes the next slots denser.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.gate_power.traces import PSPS, SLOT_S, Traces
from synthetic.gate.eprocess import (
    SLOW_SHARES,
    Alternative,
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

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SCALED_DOWN_FROM = 1e100


@dataclass(frozen=True, slots=True)
class Watched:
    """One stream of our gate: its budget, its share of the error level, and the PSPs whose pairs it has."""

    budget: float
    share: float
    psps: tuple[int, ...]
    latency: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """When each run was rolled back, in slots (-1: never), and how many pairs it has played."""

    slot: Ints
    played: Ints


class Processes:
    """One kind of e-process for all runs and streams; arrays of shape (runs, streams, alternatives)."""

    def __init__(self, runs: int, alternatives: list[tuple[Alternative, ...]]) -> None:
        shape = (runs, len(alternatives), len(alternatives[0]))
        self._weights = np.exp(np.array([[one.log_weight for one in some] for some in alternatives]))
        self._hit = np.array([[one.log_hit for one in some] for some in alternatives])
        self._miss = np.array([[one.log_miss for one in some] for some in alternatives])
        self._values = np.zeros(shape)
        self._scale = np.zeros(shape[:2])
        self._waiting = 1.0

    def start(self, weight: float) -> None:
        """So much of the weight starts here."""
        self._waiting = max(self._waiting - weight, 0.0)
        self._values += weight * self._weights[None] * np.exp(-self._scale)[:, :, None]

    def factors(self, misses: Ints) -> Floats:
        """What so many misses multiply by; `misses`: (kinds, streams), answers (kinds, streams, alternatives)."""
        factors: Floats = np.exp(misses[:, :, None] * self._miss[None])
        return factors

    def multiply(self, factors: Floats) -> None:
        """Multiply all by what is at most 1, so that nothing can grow."""
        self._values *= factors

    def take(self, hits: Ints, misses: Ints, runs: Ints | None = None) -> None:
        """Multiply by the likelihood ratios of hits and misses, (runs, streams); of these runs only, where they are told."""
        rows = slice(None) if runs is None else runs
        values = self._values[rows] * np.exp(hits[:, :, None] * self._hit[None] + misses[:, :, None] * self._miss[None])
        highest = values.max(axis=2)
        factor = np.where(highest > SCALED_DOWN_FROM, highest, 1.0)
        self._values[rows] = values / factor[:, :, None]
        self._scale[rows] += np.log(factor)

    def logs(self, runs: Ints | None = None) -> Floats:
        """log of the evidence, (runs, streams)."""
        rows = slice(None) if runs is None else runs
        with np.errstate(divide="ignore"):
            started = np.log(self._values[rows].sum(axis=2)) + self._scale[rows]
            logs: Floats = np.logaddexp(started, math.log(self._waiting) if self._waiting > 0 else -np.inf)
        return logs

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Leave the other runs aside."""
        self._values, self._scale = self._values[kept], self._scale[kept]


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
                for run in np.flatnonzero((slow[:, stream] > budget * of[:, stream]) & ~suspicious):
                    told = log_e_above_budget(int(slow[run, stream]), int(of[run, stream]), budget)
                    suspicious[run] |= told >= math.log(SUSPECT_ODDS)
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
        self.members = np.array([[psp in stream.psps for stream in streams] for psp in range(PSPS)]).astype(np.int64)
        self.clean = self.above.factors(np.array([1, policy.suspect_factor])[:, None] * self.members.sum(axis=0)[None])
        self.next_start = 0
        self.streak, self.in_tick, self.counted_in_tick = (np.zeros(shape, dtype=np.int64) for _ in range(3))
        self.suspicion = Suspicion(policy, streams, len(runs))
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
        for counted in (self.in_tick, self.counted_in_tick):
            counted[:] = 0

    def take(self, canary: Ints, baseline: Ints, count: Ints) -> NDArray[np.bool_]:
        """Take one slot: failures on one side alone, (runs, PSPs), of so many pairs a PSP. Answers which streams are over both."""
        hits, its = canary @ self.members, baseline @ self.members
        self.pairs += count * PSPS
        self.suspicion.take(hits, count[:, None] * self.members.sum(axis=0)[None])
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
        canary, baseline, count = _probe(traces, batch.runs, slot, np.where(dense, policy.suspect_factor, 1), random)
        over = batch.take(canary, baseline, count)
        rolled_back = ((batch.streak + over) >= policy.consecutive).any(axis=1) & (slot_of[batch.runs] < 0)
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
) -> tuple[Ints, Ints, Ints]:
    """Failures on the canary alone and on the baseline alone, (runs, PSPs), and how many pairs of each PSP were played."""
    one, other = traces.canary[runs, slot], traces.baseline[runs, slot]
    canary, baseline = (one & ~other).astype(np.int64), (other & ~one).astype(np.int64)
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
        baseline[denser] += random.binomial(more[denser][:, None] - further, its / (1 - alone))
    return canary, baseline, density
