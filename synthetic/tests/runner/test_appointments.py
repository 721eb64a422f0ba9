"""Instants of the week: which was the last one, and whether it is still to be kept."""

from __future__ import annotations

import pytest

from synthetic.core.plan_serving import WeeklyPlan
from synthetic.runner.appointments import is_due, last_instant

S = 10**9
H = 3600 * S
DAY = 24 * H
MONDAY = 4 * DAY + 7 * DAY * 100  # 1970-01-05 was one
DAILY = WeeklyPlan(frozenset(range(7)), 4 * 60)
SUNDAYS = WeeklyPlan(frozenset({6}), 4 * 60 + 30)


@pytest.mark.parametrize(
    ("plan", "now", "last"),
    [
        (DAILY, MONDAY + 4 * H, MONDAY + 4 * H),
        (DAILY, MONDAY + 4 * H - 1, MONDAY - 20 * H),
        (DAILY, MONDAY + 23 * H, MONDAY + 4 * H),
        (SUNDAYS, MONDAY + 10 * H, MONDAY - DAY + 4 * H + H // 2),
        (SUNDAYS, MONDAY - DAY + 4 * H, MONDAY - 8 * DAY + 4 * H + H // 2),
    ],
)
def test_the_last_instant_is_the_latest_that_has_come(plan: WeeklyPlan, now: int, last: int) -> None:
    """On its day of the week, in UTC."""
    assert last_instant(plan, now) == last


@pytest.mark.parametrize(
    ("done", "begun", "due"),
    [
        (None, MONDAY, MONDAY + 4 * H),  # it came while we were there
        (None, MONDAY + 5 * H, None),  # a new runner does not make up for what was before it
        (MONDAY - 20 * H, MONDAY + 5 * H, MONDAY + 4 * H),  # nobody was there when it came
        (MONDAY + 4 * H, MONDAY, None),  # somebody has begun it
    ],
)
def test_an_instant_is_kept_once(done: int | None, begun: int, due: int | None) -> None:
    """By whoever is there, also where nobody was when it came."""
    assert is_due(DAILY, MONDAY + 6 * H, done_ns=done, begun_ns=begun) == due
