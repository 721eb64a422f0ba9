"""Instants of the week: which was the last one, and whether it is still to be kept."""

from __future__ import annotations

import pytest

from synthetic.core.plan_serving import WeeklyPlan
from synthetic.journal.model import Slot
from synthetic.runner.appointments import is_due, last_done, last_instant

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


DONE = ("holds", "differs")
AT_FOUR, YESTERDAY = MONDAY + 4 * H, MONDAY - 20 * H
NOW = MONDAY + 6 * H


def tried(slot_ns: int, outcome: str, *, ended_ns: int | None = None) -> Slot:
    """A try that ended at once, with this; "": it has not ended."""
    at_ns = slot_ns if ended_ns is None else ended_ns
    return Slot("(reconcile)", slot_ns, "w", slot_ns, at_ns if outcome else 0, outcome)


@pytest.mark.parametrize(
    ("slots", "begun", "due"),
    [
        ([], MONDAY, AT_FOUR),  # it came while we were there
        ([], MONDAY + 5 * H, None),  # a new runner does not make up for what was before it
        ([tried(YESTERDAY, "holds")], MONDAY + 5 * H, AT_FOUR),  # nobody was there when it came
        ([tried(AT_FOUR, "holds")], MONDAY, None),
        ([tried(AT_FOUR, "differs")], MONDAY, None),
        ([tried(AT_FOUR, "")], MONDAY, None),  # somebody is at it
    ],
)
def test_an_instant_is_kept_once(slots: list[Slot], begun: int, due: int | None) -> None:
    """By whoever is there, also where nobody was when it came."""
    assert is_due(DAILY, NOW, tried=slots, done=DONE, begun_ns=begun) == due


@pytest.mark.parametrize(
    ("slots", "due"),
    [
        ([tried(AT_FOUR, "aborted")], AT_FOUR + 1),
        ([tried(AT_FOUR, "aborted"), tried(AT_FOUR + 1, "aborted")], AT_FOUR + 2),
        ([tried(AT_FOUR, "aborted"), tried(AT_FOUR + 1, "")], None),  # somebody tries again
        ([tried(AT_FOUR, "aborted"), tried(AT_FOUR + 1, "holds")], None),
        ([tried(AT_FOUR, "aborted", ended_ns=NOW - 599 * S)], None),  # not at once
        ([tried(YESTERDAY, "aborted")], AT_FOUR),
    ],
)
def test_a_try_that_was_cut_off_is_no_comparison(slots: list[Slot], due: int | None) -> None:
    """Another one follows, with a slot of its own, until one has come to its end."""
    assert is_due(DAILY, NOW, tried=slots, done=DONE, begun_ns=NOW) == due


def test_the_last_one_that_is_done_is_not_the_last_that_was_tried() -> None:
    """It says since when nothing was compared."""
    slots = [tried(YESTERDAY - DAY, "holds"), tried(YESTERDAY, "differs"), tried(AT_FOUR, "aborted")]
    assert last_done(slots, DONE) == slots[1]
    assert last_done(slots[2:], DONE) is None
