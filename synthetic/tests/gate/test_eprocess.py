"""The evidence of the gate: the paper's definition, and what it promises at every look."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.gate.eprocess import log_e_above_budget, log_e_below_margin, log_e_canary_only, of_traffic

BUDGETS = (Fraction(1, 1000), Fraction(1, 100), Fraction(1, 20))
MARGIN = Fraction(1, 10)


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


@given(st.floats(min_value=0.01, max_value=0.99))
def test_what_the_traffic_brings_is_no_evidence(null: float) -> None:
    """A canary with a share of the traffic, and of what is reported: one more event changes nothing on average."""
    (one,) = of_traffic(null)
    assert one.log_hit > 0 > one.log_miss
    assert null * math.exp(one.log_hit) + (1 - null) * math.exp(one.log_miss) == pytest.approx(1.0)
