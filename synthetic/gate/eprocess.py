"""Anytime-valid evidence: e-processes, whose crossing of 1/alpha at any look has a probability of at most alpha (Ville 1939).

Assumption: failures are bounded per probe, given all that came before, not in bursts; damping and the warm-up answer for
bursts. Sources: Lindon et al. 2022 (arXiv 2205.14762); Lindon & Malek, NeurIPS 2022. All computed in logarithms, so that no
count overflows.

A process is a mixture of likelihood ratios over alternatives *and* over the tick from which on the alternative is true:

    E = sum_s pi(s) sum_j w(j) L_j(pairs since tick s) + (1 - sum_{s <= now} pi(s)),      sum_j w(j) = 1, sum_s pi(s) <= 1

Under the null each L_j(pairs since s) is a nonnegative supermartingale that is 1 at tick s; a mixture of them with weights
that were fixed beforehand is one, too, and begins at 1. So the sum is an e-process: a fault that begins late, after thousands
of clean pairs, is caught without looking back over "the last n minutes", which would be a new test each time.

Bursts: where a pod restarts, many probes fail for one cause. Of the failures of the canary alone only some in a tick are hits
(`hits_max`), and the others are left out. A hit multiplies both processes by more than 1, so what is left out makes them
smaller on every path: they stay below an e-process, and Ville's bound holds. What it costs in power: docs/gate-statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

WORSE = (2, 3, 5, 10, 20, 50, 100, 200, 400)
WORST_RATE = 0.6
BETTER = ((0.02, 0.5), (0.1, 0.25), (0.25, 0.15), (0.5, 0.1))
CANARY_SHARE = 0.98
SLOW_SHARES = (0.95, 0.8, 0.65)

BURST_TIMES = 4
BURST_PAIRS = 25
"""About as many pairs as a tick of 20 s has while three PSPs are played densely."""

FROM_THE_START = 0.92
"""The weight of "it is so from the first tick on"."""
EVERY_TICK = 40
SPARSE = 10
"""A process may start anew at each of the first `EVERY_TICK` ticks, after that at each `SPARSE`th."""
DOUBLINGS = 14
"""The rest of the weight is spread evenly over so many doublings of the tick: 2^14 ticks of 30 s are 5.7 days."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """What may be true instead of the null, with its weight in the mixture: log factors of a hit, and of a miss."""

    log_weight: float
    log_hit: float
    log_miss: float


def above_budget(budget: float) -> tuple[Alternative, ...]:
    """Alternatives to "at most a share of `budget` of the pairs fails on the canary alone". A hit is such a failure."""
    rates = [min(budget * times, WORST_RATE) for times in WORSE]
    return tuple(_rate_alternative(rate, budget, 1 / len(rates)) for rate in rates)


def below_margin(margin: float) -> tuple[Alternative, ...]:
    """Alternatives to "a share of `margin` or more of the pairs fails on the canary". A hit is such a failure."""
    return tuple(_rate_alternative(margin * times, margin, weight) for times, weight in BETTER)


def canary_sided(shares: Sequence[float] = (CANARY_SHARE,), null: float = 0.5) -> tuple[Alternative, ...]:
    """Alternatives to "what fails on one side only does so on either with equal chances" (a sequential McNemar test).

    A hit is a failure of the canary alone, a miss one of the baseline alone; other pairs say nothing. `shares`: what part of them
    may be hits instead. A healthy baseline hardly fails, so one share near 1 has most power; slow answers are there on any
    baseline, so that they need smaller shares, too (`SLOW_SHARES`). `null`: what part of them a canary that is no worse has; of
    pairs, one in two.
    """
    weight = 1 / len(shares)
    return tuple(_rate_alternative(share, null, weight) for share in shares)


def of_traffic(null: float) -> tuple[Alternative, ...]:
    """The same for what is reported of all traffic, of which the canary has a share of `null`: as many times worse as above."""
    odds = null / (1 - null) * CANARY_SHARE / (1 - CANARY_SHARE)
    return canary_sided((odds / (1 + odds),), null)


def _rate_alternative(rate: float, null: float, weight: float) -> Alternative:
    return Alternative(math.log(weight), math.log(rate / null), math.log((1 - rate) / (1 - null)))


def hits_max(budget: float, burst_max: int) -> int:
    """How many failures of the canary alone count in one tick: `burst_max`, or some times what the budget allows `BURST_PAIRS`.

    It is fixed beforehand and depends on no pairs that are seen: else one more clean pair could let one more failure count.
    """
    return max(burst_max, math.ceil(round(BURST_TIMES * budget * BURST_PAIRS, 6)))


def log_sum_exp(terms: Sequence[float]) -> float:
    """log of the sum of exp(term); minus infinity of no terms."""
    top = max(terms, default=-math.inf)
    return top if top == -math.inf else top + math.log(sum(math.exp(term - top) for term in terms))


def log_mixture(alternatives: Sequence[Alternative], hits: int, misses: int) -> float:
    """log of the evidence of so many hits and misses, all of them since the start."""
    return log_sum_exp([one.log_weight + hits * one.log_hit + misses * one.log_miss for one in alternatives])


def log_e_above_budget(failures: int, pairs: int, budget: float) -> float:
    """log of E_abs: evidence that the failure rate is above its budget (a mixture over worse rates)."""
    return log_mixture(above_budget(budget), failures, pairs - failures)


def log_e_canary_only(canary_only: int, baseline_only: int, null: float = 0.5) -> float:
    """log of E_pair: evidence that failures fall on the canary rather than on either side (a sequential McNemar test).

    `null`: the canary's share of all that can fail, where that is not one half.
    """
    return log_mixture(of_traffic(null), canary_only, baseline_only)


def log_e_below_margin(failures: int, pairs: int, margin: float) -> float:
    """log of the evidence that the failure rate is below the margin."""
    return log_mixture(below_margin(margin), failures, pairs - failures)


def next_start(tick: int) -> int:
    """The start that comes after the one at this tick."""
    return tick + (1 if tick < EVERY_TICK else SPARSE)


def start_weight(tick: int) -> float:
    """The weight of "it is so from the start at this tick on". Those of all starts sum to at most 1."""
    if tick == 0:
        return FROM_THE_START
    ends = min(next_start(tick), 2**DOUBLINGS)
    return (1 - FROM_THE_START) * math.log2(ends / tick) / DOUBLINGS if tick < ends else 0.0


@dataclass(slots=True)
class Process:
    """One e-process, tick by tick. `start` says that a tick begins, `take` what it brought."""

    alternatives: tuple[Alternative, ...]
    _logs: list[float] = field(default_factory=list)
    _waiting: float = 1.0

    def __post_init__(self) -> None:
        self._logs = [-math.inf] * len(self.alternatives)

    def start(self, weight: float) -> None:
        """Let so much of the weight start here; until it does it stands at 1 : 1."""
        self._waiting = max(self._waiting - weight, 0.0)
        log_part = math.log(weight)
        for place, one in enumerate(self.alternatives):
            self._logs[place] = _log_add(self._logs[place], log_part + one.log_weight)

    def take(self, hits: int, misses: int) -> None:
        """Multiply by the likelihood ratios of so many hits and misses."""
        for place, one in enumerate(self.alternatives):
            self._logs[place] += hits * one.log_hit + misses * one.log_miss

    def log_value(self, more_misses: int = 0) -> float:
        """log of the evidence; with `more_misses`, what it would be after so many further ones."""
        logs = [at + more_misses * one.log_miss for at, one in zip(self._logs, self.alternatives, strict=True)]
        if self._waiting > 0:
            logs.append(math.log(self._waiting))
        return log_sum_exp(logs)


def begin(processes: Sequence[Process], start: int, tick: int) -> int:
    """Start all of them anew at each start from `start` up to this tick; answers the next one."""
    weight = 0.0
    while start <= tick:
        weight += start_weight(start)
        start = next_start(start)
    if weight > 0:
        for process in processes:
            process.start(weight)
    return start


def _log_add(one: float, other: float) -> float:
    low, high = sorted((one, other))
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))
