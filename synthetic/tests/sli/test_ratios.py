"""Ratios know when they know nothing, and Wilson's interval is honest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.sli.ratios import Interval, Ratio, wilson


def test_nothing_counted_is_unknown_and_neither_a_pass_nor_a_failure() -> None:
    """Zero runs is None, never 1.0 or 0.0."""
    assert Ratio().value is None
    assert Ratio().interval() is None


@pytest.mark.parametrize(
    ("held", "total", "low", "high"),
    [
        (3, 3, 0.4385, 1.0),
        (0, 10, 0.0, 0.2775),
        (50, 100, 0.4038, 0.5962),
        (81, 263, 0.2553, 0.3662),  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_agrees_with_published_values(held: int, total: int, low: float, high: float) -> None:
    """The interval is the one that Newcombe (1998) tabulates."""
    interval = wilson(held, total)
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_contains_the_ratio_and_mirrors(counts: tuple[int, int]) -> None:
    """0 <= low <= held/total <= high <= 1, and failures have the mirrored interval."""
    held, total = counts
    interval, mirrored = wilson(held, total), wilson(total - held, total)
    assert 0.0 <= interval.low <= held / total <= interval.high <= 1.0
    assert mirrored.low == pytest.approx(1 - interval.high, abs=1e-12)


@given(st.integers(0, 50), st.integers(1, 50))
def test_more_samples_of_the_same_ratio_narrow_the_interval(held: int, more: int) -> None:
    """Ten times the evidence says more."""
    total = held + more
    few, many = wilson(held, total), wilson(held * 10, total * 10)
    assert _width(many) < _width(few)


def test_ratios_add_up_by_their_counts() -> None:
    """1 of 2 and 9 of 10 is 10 of 12, not the mean of the ratios."""
    assert Ratio(1, 2) + Ratio(9, 10) == Ratio(10, 12)


def _width(interval: Interval) -> float:
    return interval.high - interval.low
