"""What the gate promises at every look (Ville 1939), by simulation: 10 000 paths, each looked at after every pair.

The processes are those of `bench.gate_power.twin`, in arrays; `test_bench_gate_power.py` holds them equal to the gate's own.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, takewhile

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.gate_power.measuring import watched
from bench.gate_power.processes import Processes
from bench.gate_power.traces import BROWNOUT, HEALTHY_HOUR, Scenario, draw, steady
from bench.gate_power.twin import play
from synthetic.config.slo import shipped_policy
from synthetic.gate.eprocess import (
    BETTER,
    SLOW_SHARES,
    Alternative,
    Process,
    above_budget,
    below_margin,
    canary_sided,
    next_start,
    start_weight,
)

pytestmark = pytest.mark.slow

PATHS, PAIRS, A_TICK = 10_000, 150, 5
Draws = NDArray[np.int64]


def allowed(alpha: float, paths: int = PATHS) -> float:
    """The promise, and three standard errors of a simulation of this size on top."""
    return alpha + 3 * math.sqrt(alpha * (1 - alpha) / paths)


def highest(alternatives: tuple[Alternative, ...], hits: Draws, misses: Draws) -> NDArray[np.float64]:
    """The highest evidence of each path over all looks, one after each pair; a tick has five pairs. Shapes: (pairs, paths)."""
    process, start = Processes(hits.shape[1], [alternatives]), 0
    top = np.full(hits.shape[1], -np.inf)
    for pair in range(len(hits)):
        if pair % A_TICK == 0:
            while start <= pair // A_TICK:
                process.start(start_weight(start))
                start = next_start(start)
        process.take(hits[pair][:, None], misses[pair][:, None])
        top = np.maximum(top, process.logs()[:, 0])
    return top


@pytest.mark.parametrize("budget", [0.001, 0.01, 0.05])
def test_a_canary_within_its_budget_hardly_ever_seems_above_it(budget: float) -> None:
    """At the budget's own rate at most alpha of all paths ever cross 1/alpha, with every start anew counted in."""
    hits = (np.random.default_rng(1).random((PAIRS, PATHS)) < budget).astype(np.int64)
    top = highest(above_budget(budget), hits, 1 - hits)
    for alpha in (0.01, 0.1):
        assert (top >= -math.log(alpha)).mean() <= allowed(alpha)


@pytest.mark.parametrize("shares", [(0.98,), SLOW_SHARES])
def test_a_shared_fault_hardly_ever_seems_to_be_the_canarys(shares: tuple[float, ...]) -> None:
    """Whatever fails on either side with equal chances, rare, often or in waves: at most alpha of all paths ever cross."""
    random = np.random.default_rng(2)
    waves = np.where(np.arange(PAIRS) // 30 % 2, 0.4, 0.01)[:, None]
    alone = random.random((PAIRS, PATHS)) < waves
    canarys = random.random((PAIRS, PATHS)) < 0.5
    hits, misses = (alone & canarys).astype(np.int64), (alone & ~canarys).astype(np.int64)
    top = highest(canary_sided(shares), hits, misses)
    for alpha in (0.01, 0.1):
        assert (top >= -math.log(alpha)).mean() <= allowed(alpha)


def test_a_canary_at_the_margin_hardly_ever_passes() -> None:
    """Evidence 20 : 1 for "below the margin" is reached by at most 5 % of paths at the margin."""
    hits = (np.random.default_rng(3).random((PAIRS, PATHS)) < 0.1).astype(np.int64)
    assert (highest(below_margin(0.1), hits, 1 - hits) >= math.log(20)).mean() <= allowed(0.05)


def test_the_evidence_is_worth_its_stake_whenever_one_stops() -> None:
    """Stopped at 3 : 1, or in the end, the mean evidence of a healthy canary is at most 1: nobody wins by when he looks."""
    hits = (np.random.default_rng(4).random((PAIRS, PATHS)) < 0.01).astype(np.int64)
    process, start = Processes(PATHS, [above_budget(0.01)]), 0
    stopped_at = np.full(PATHS, np.nan)
    for pair in range(PAIRS):
        if pair % A_TICK == 0:
            while start <= pair // A_TICK:
                process.start(start_weight(start))
                start = next_start(start)
        process.take(hits[pair][:, None], 1 - hits[pair][:, None])
        value = np.exp(process.logs()[:, 0])
        stopped_at = np.where(np.isnan(stopped_at) & (value >= 3), value, stopped_at)
    stopped_at = np.where(np.isnan(stopped_at), value, stopped_at)
    assert stopped_at.mean() <= 1 + 3 * stopped_at.std() / math.sqrt(PATHS)


SHARED_LOGIN = Scenario("shared", "10 % fail on both sides", steady((0.1,), (0.1,)))


@pytest.mark.parametrize(("scenario", "alpha"), [(HEALTHY_HOUR, 0.01), (BROWNOUT, 0.10), (SHARED_LOGIN, 0.10)])
def test_the_whole_rule_keeps_its_promises_without_any_damping(scenario: Scenario, alpha: float) -> None:
    """All streams together, denser after each failure, every look counts: healthy at most 1 %, a shared fault at most 10 %."""
    policy = replace(shipped_policy(), consecutive=1, burst_max=10**6)
    random = np.random.default_rng(5)
    outcome = play(policy, watched(policy, scenario), draw(scenario, PATHS, random, minutes=6), random)
    assert (outcome.slot >= 0).mean() <= allowed(alpha)


# --- the definition, in fractions ---------------------------------------------------------------------------------


def test_all_starts_together_have_at_most_the_whole_weight() -> None:
    """Or the mixture would not begin at 1."""
    starts = takewhile(lambda tick: tick < 2**15, accumulate(iter(int, 1), lambda tick, _: next_start(tick), initial=0))
    weights = [start_weight(tick) for tick in starts]
    assert min(weights) >= 0
    assert sum(weights) <= 1 + 1e-12
    assert sum(weights) == pytest.approx(1.0, abs=1e-6)


def test_a_process_is_the_mixture_over_starts_and_alternatives() -> None:
    """Here the sum over all starts as it is written down in the docstring, in fractions; there a recursion in logarithms."""
    ticks = [(0, 12), (1, 8), (0, 30), (3, 2), (0, 9), (1, 1)]
    process = Process(below_margin(0.1))
    for tick, (hits, misses) in enumerate(ticks):
        process.start(start_weight(tick))
        process.take(hits, misses)
    exact = 1 - sum((Fraction(start_weight(tick)) for tick in range(len(ticks))), Fraction(0))
    for start in range(len(ticks)):
        hits, misses = (sum(counts) for counts in zip(*ticks[start:], strict=True))
        for times, weight in BETTER:
            rate, null = Fraction(times) / 10, Fraction(1, 10)
            ratio = (rate / null) ** hits * ((1 - rate) / (1 - null)) ** misses
            exact += Fraction(start_weight(start)) * Fraction(weight) * ratio
    assert process.log_value() == pytest.approx(math.log(exact), abs=1e-9)
