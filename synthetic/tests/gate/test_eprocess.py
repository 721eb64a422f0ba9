"""The evidence of the gate: the paper's definition, and what it promises at every look."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.gate.eprocess import log_e_above_budget, log_e_below_margin, log_e_canary_only

BUDGETS = (Fraction(1, 1000), Fraction(1, 100), Fraction(1, 20))
MARGIN = Fraction(1, 10)
SEQUENCES, PAIRS = 2_000, 500


# The definitions of reference/rollout-gates, in exact fractions; nothing here is taken from the module under test.


def likelihood_ratio(failures: int, pairs: int, rate: Fraction, null: Fraction) -> Fraction:
    return (rate / null) ** failures * ((1 - rate) / (1 - null)) ** (pairs - failures)


def above_budget(failures: int, pairs: int, budget: Fraction) -> Fraction:
    rates = [min(budget * times, Fraction(6, 10)) for times in (2, 3, 5, 10, 20, 50, 100, 200, 400)]
    return sum((likelihood_ratio(failures, pairs, rate, budget) for rate in rates), Fraction(0)) / 9


def below_margin(failures: int, pairs: int, margin: Fraction) -> Fraction:
    shares = ((Fraction(1, 50), 10), (Fraction(1, 10), 5), (Fraction(1, 4), 3), (Fraction(1, 2), 2))
    terms = (weight * likelihood_ratio(failures, pairs, margin * share, margin) for share, weight in shares)
    return sum(terms, Fraction(0)) / 20


def canary_only(canary: int, baseline: int) -> Fraction:
    share = Fraction(98, 100)
    return (2 * share) ** canary * (2 * (1 - share)) ** baseline


counts = st.integers(0, 60).flatmap(lambda failures: st.tuples(st.just(failures), st.integers(failures, 400)))


@given(counts, st.sampled_from(BUDGETS))
def test_above_budget_is_the_papers_mixture_of_likelihood_ratios(count: tuple[int, int], budget: Fraction) -> None:
    """The mean over nine worse rates of L(rate)/L(budget), here in fractions, there in logarithms."""
    exact = above_budget(*count, budget)
    assert log_e_above_budget(*count, float(budget)) == pytest.approx(_log(exact), abs=1e-6)


@given(counts)
def test_below_margin_is_the_papers_mixture_of_likelihood_ratios(count: tuple[int, int]) -> None:
    """The weighted mean over four better rates of L(rate)/L(margin)."""
    assert log_e_below_margin(*count, float(MARGIN)) == pytest.approx(_log(below_margin(*count, MARGIN)), abs=1e-6)


@given(st.integers(0, 200), st.integers(0, 200))
def test_canary_only_is_a_sequential_mcnemar_test(canary: int, baseline: int) -> None:
    """(2t)^b (2(1-t))^c with t = 0.98."""
    assert log_e_canary_only(canary, baseline) == pytest.approx(_log(canary_only(canary, baseline)), abs=1e-6)


def _log(value: Fraction) -> float:
    return math.log(value.numerator) - math.log(value.denominator)


@pytest.mark.parametrize("pairs", [0, 1, 7, 60])
@pytest.mark.parametrize(
    ("evidence", "null"),
    [
        *((lambda k, n, q=q: math.exp(log_e_above_budget(k, n, float(q))), q) for q in BUDGETS),
        (lambda k, n: math.exp(log_e_below_margin(k, n, 0.1)), MARGIN),
        (lambda k, n: math.exp(log_e_canary_only(k, n - k)), Fraction(1, 2)),
    ],
)
def test_the_mean_of_the_evidence_is_one_where_nothing_is_wrong(
    evidence: Callable[[int, int], float], null: Fraction, pairs: int
) -> None:
    """What makes it an e-value: at the boundary of the null its expectation is exactly 1 after any number of pairs."""
    chances = (math.comb(pairs, k) * null**k * (1 - null) ** (pairs - k) for k in range(pairs + 1))
    mean = sum(float(chance) * evidence(k, pairs) for k, chance in enumerate(chances))
    assert mean == pytest.approx(1.0, rel=1e-9)


def test_no_data_is_no_evidence() -> None:
    """Before the first pair every factor is 1 : 1."""
    assert log_e_above_budget(0, 0, 0.001) == pytest.approx(0.0)
    assert log_e_below_margin(0, 0, 0.1) == pytest.approx(0.0)
    assert log_e_canary_only(0, 0) == 0.0


def test_evidence_moves_the_way_that_the_data_does() -> None:
    """Failures speak for "above the budget" and against "below the margin"; clean pairs the other way round."""
    above = [log_e_above_budget(k, 100, 0.01) for k in range(2, 30)]
    below = [log_e_below_margin(k, 100, 0.1) for k in range(30)]
    clean = [log_e_below_margin(0, n, 0.1) for n in range(100)]
    quiet = [log_e_above_budget(1, n, 0.01) for n in range(1, 100)]
    assert all(a < b for a, b in pairwise(above))
    assert all(a > b for a, b in pairwise(below))
    assert all(a < b for a, b in pairwise(clean))
    assert all(a > b for a, b in pairwise(quiet))


def test_no_count_overflows() -> None:
    """A million pairs, all of them failed, is a finite logarithm."""
    million = 1_000_000
    for value in (
        log_e_above_budget(million, million, 0.001),
        log_e_below_margin(million, million, 0.1),
        log_e_below_margin(0, million, 0.1),
        log_e_canary_only(million, 0),
        log_e_canary_only(0, million),
    ):
        assert math.isfinite(value)


# --- Ville's inequality, simulated --------------------------------------------------------------------------------


def failures_at(random: Random, rate: float) -> Iterator[int]:
    """The numbers of the failed pairs among `PAIRS` independent ones, by the geometric gaps between them."""
    pair = 0
    while True:
        pair += 1 + int(math.log(1.0 - random.random()) / math.log(1.0 - rate))
        if pair > PAIRS:
            return
        yield pair


def allowed(alpha: float) -> float:
    """The promise, and three standard errors of a simulation of this size on top."""
    return alpha + 3 * math.sqrt(alpha * (1 - alpha) / SEQUENCES)


@pytest.mark.parametrize("alpha", [0.01, 0.1])
@pytest.mark.parametrize("budget", [0.001, 0.01])
def test_a_healthy_canary_hardly_ever_crosses_its_budget(budget: float, alpha: float) -> None:
    """Of 2,000 sequences at the budget's own rate, looked at after every one of 500 pairs, at most alpha ever cross."""
    random, crossed = Random(4711), 0
    for _ in range(SEQUENCES):
        # The evidence falls with every clean pair, so it can only cross at a failure.
        at_failures = enumerate(failures_at(random, budget), start=1)
        crossed += any(log_e_above_budget(k, pair, budget) >= -math.log(alpha) for k, pair in at_failures)
    assert crossed / SEQUENCES <= allowed(alpha)


def test_failures_that_fall_on_either_side_hardly_ever_look_canary_sided() -> None:
    """Under a shared fault a lone failure is on the canary half of the time; at most 10 % of such sequences ever cross."""
    random, crossed = Random(4711), 0
    for _ in range(SEQUENCES):
        canary = baseline = 0
        for _ in range(PAIRS):
            canary, baseline = (canary + 1, baseline) if random.random() < 0.5 else (canary, baseline + 1)
            if log_e_canary_only(canary, baseline) >= math.log(10):
                crossed += 1
                break
            if baseline > canary + 2:  # each failure of the baseline costs 25 : 1; from here it does not come back
                break
    assert crossed / SEQUENCES <= allowed(0.1)


def test_a_canary_at_the_margin_is_hardly_ever_passed() -> None:
    """With a true failure rate of the margin, evidence 20 : 1 for "below" is reached by at most 5 % of sequences."""
    random, crossed = Random(4711), 0
    for _ in range(SEQUENCES):
        # The evidence rises with every clean pair, so its peaks are right before each failure, and at the end.
        looks = enumerate([*(pair - 1 for pair in failures_at(random, 0.1)), PAIRS])
        crossed += any(log_e_below_margin(k, pairs, 0.1) >= math.log(20) for k, pairs in looks)
    assert crossed / SEQUENCES <= allowed(0.05)


def test_a_bad_canary_is_caught() -> None:
    """The other side of the promise: at 5 % failures against a budget of 0.1 %, 500 pairs are nearly always enough."""
    random, crossed = Random(4711), 0
    for _ in range(200):
        at_failures = enumerate(failures_at(random, 0.05), start=1)
        crossed += any(log_e_above_budget(k, pair, 0.001) >= math.log(100 / 0.7) for k, pair in at_failures)
    assert crossed >= 198
