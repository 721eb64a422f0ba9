"""Maintenance windows: once or every week, in UTC, for some cells or for all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.errors import Place
from synthetic.core.plan_serving import MaintenancePlan
from synthetic.runner.maintenance import is_open, window_at

SUNDAY_NIGHT = MaintenancePlan(Place(), "restart", weekdays=frozenset({6}), minute=23 * 60 + 30, for_s=3600.0)


def ns(text: str) -> int:
    """An instant."""
    return int(datetime.fromisoformat(text).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("at", "is_within"),
    [
        ("2026-11-29T23:29:59Z", False),
        ("2026-11-29T23:30:00Z", True),
        ("2026-11-30T00:29:59Z", True),  # over midnight, and over the end of the week
        ("2026-11-30T00:30:00Z", False),
        ("2026-11-28T23:45:00Z", False),
        ("2027-03-28T23:45:00Z", True),  # clocks in Europe were set forward that day
    ],
)
def test_a_weekly_window_is_open_from_its_minute_on_for_its_time(at: str, is_within: bool) -> None:  # noqa: FBT001
    """Its end is outside, and it goes over midnight."""
    assert is_open(SUNDAY_NIGHT, ns(at)) is is_within


def test_a_window_of_one_time_is_open_up_to_its_end() -> None:
    """From the first instant to the last but the end."""
    window = MaintenancePlan(Place(), "move", from_ns=100, to_ns=200)
    assert [is_open(window, at) for at in (99, 100, 199, 200)] == [False, True, True, False]


def test_a_window_is_for_the_cells_that_it_names_or_for_all() -> None:
    """A pair rests when one of its cells does."""
    named = MaintenancePlan(Place(), "move", cells=frozenset({"baseline"}), from_ns=0, to_ns=10)
    for_all = MaintenancePlan(Place(), "move", from_ns=20, to_ns=30)
    assert window_at([named, for_all], ["canary", "baseline"], 5) is named
    assert window_at([named, for_all], ["canary"], 5) is None
    assert window_at([named, for_all], ["canary"], 25) is for_all


@given(
    st.integers(0, 4_000_000_000), st.sets(st.integers(0, 6), min_size=1), st.integers(0, 1439), st.integers(1, 1440)
)
def test_a_weekly_window_agrees_with_the_calendar(second: int, days: set[int], minute: int, for_min: int) -> None:
    """For every instant up to the year 2096: open exactly where a window of that day or of the day before covers it."""
    window = MaintenancePlan(Place(), "r", weekdays=frozenset(days), minute=minute, for_s=for_min * 60.0)
    at = datetime.fromtimestamp(second, UTC)
    now = at.hour * 3600 + at.minute * 60 + at.second
    today = at.weekday() in days and minute * 60 <= now < (minute + for_min) * 60
    yesterday = (at.weekday() - 1) % 7 in days and now + 86_400 < (minute + for_min) * 60
    assert is_open(window, second * 10**9) is (today or yesterday)
