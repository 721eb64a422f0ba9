"""Percentiles are measured values, by nearest rank."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synthetic.sli.latencies import Latencies


def test_no_latencies_have_no_percentile() -> None:
    """Nothing measured is None, not zero."""
    assert Latencies.of([]).percentile_ns(95) is None
    assert Latencies.of([]).percentile_ms(50) is None


def test_textbook_example() -> None:
    """15, 20, 35, 40, 50: p30 is 20, p40 is 20, p50 is 35, p100 is 50."""
    values = Latencies.of([35, 20, 15, 50, 40])
    assert [values.percentile_ns(p) for p in (5, 30, 40, 50, 100)] == [15, 20, 20, 35, 50]


@given(st.lists(st.integers(0, 10**12), min_size=1), st.integers(1, 100))
def test_percentile_is_the_smallest_value_that_covers_its_share(values: list[int], percent: int) -> None:
    """The definition itself, by brute force over all values."""
    covering = [v for v in values if 100 * sum(other <= v for other in values) >= percent * len(values)]
    assert Latencies.of(values).percentile_ns(percent) == min(covering)


def test_milliseconds_keep_the_microseconds() -> None:
    """1 234 567 ns is 1.235 ms."""
    assert Latencies.of([1_234_567]).percentile_ms(50) == 1.235
