"""Slots that nobody was there for: which they are, and from where on they are looked for."""

from __future__ import annotations

import pytest

from synthetic.core.plan import Schedule
from synthetic.journal.model import Slot
from synthetic.runner.gaps import LOOK_BACK_NS, LOOKED, SLOTS_AT_ONCE_MAX, GapFinder, begins_at, looked_until

S = 10**9
EVERY_10_S = Schedule(every_s=10.0)
NOW = 20_000 * 86_400 * S


def slot(at_s: int, outcome: str = LOOKED) -> Slot:
    """A slot so many seconds before now, which has ended so ("": it has not)."""
    return Slot("p", NOW - at_s * S, "w", NOW - at_s * S, NOW if outcome else 0, outcome)


def test_what_is_not_known_is_a_gap_and_is_found_once() -> None:
    """Behind where the worker began, up to where nobody can still be at it."""
    finder = GapFinder()
    finder.begin("p", EVERY_10_S, NOW - 50 * S)
    known = [NOW - 40 * S, NOW - 10 * S]
    assert finder.find("p", EVERY_10_S, NOW, known) == [NOW - 30 * S, NOW - 20 * S, NOW]
    assert finder.find("p", EVERY_10_S, NOW, known), "nobody has written them down yet"
    finder.looked("p", EVERY_10_S, NOW)
    assert finder.find("p", EVERY_10_S, NOW, []) == []


def test_a_new_probe_and_a_changed_grid_have_missed_nothing() -> None:
    """They begin when they are first looked at."""
    finder = GapFinder()
    assert finder.find("new", EVERY_10_S, NOW, []) == []
    finder.begin("p", EVERY_10_S, NOW - 50 * S)
    assert finder.find("p", Schedule(every_s=20.0), NOW, []) == []


def test_another_deadline_is_no_other_grid() -> None:
    """What nobody was there for before a reload is told behind it."""
    finder = GapFinder()
    finder.begin("p", EVERY_10_S, NOW - 10 * S)
    assert finder.find("p", Schedule(every_s=10.0, deadline_s=EVERY_10_S.deadline_s / 2), NOW, []) == [NOW]


def test_what_passed_before_a_worker_began_is_not_its_to_miss() -> None:
    """It may look for a time before its own beginning: nobody can be at that any more."""
    finder = GapFinder()
    finder.begin("p", EVERY_10_S, NOW)
    assert finder.find("p", EVERY_10_S, NOW - 25 * S, []) == []
    finder.looked("p", EVERY_10_S, NOW - 25 * S)
    assert finder.find("p", EVERY_10_S, NOW + 10 * S, []) == [NOW + 10 * S]


def test_of_very_many_the_latest_are_told() -> None:
    """Who was away for a week tells of so many at once."""
    finder = GapFinder()
    finder.begin("p", Schedule(every_s=1.0), NOW - 5_000 * S)
    gaps = finder.find("p", Schedule(every_s=1.0), NOW, [])
    assert (len(gaps), gaps[-1]) == (SLOTS_AT_ONCE_MAX, NOW)


@pytest.mark.parametrize(
    ("known_s", "last_s", "looked_s", "begins_s"),
    [
        ([], None, 100, 0),  # a probe that was never played
        ([60, 50], 50, None, 60),  # nobody has ever looked: from its first slot on
        ([60, 50], 50, 55, 55),  # a worker that died had played at 50, but nobody has looked behind 55
        ([], 7_000, 90, 90),
    ],
)
def test_a_worker_begins_where_the_last_look_ended(
    known_s: list[int], last_s: int | None, looked_s: int | None, begins_s: int
) -> None:
    """Not where the last slot was played."""
    last_ns = None if last_s is None else NOW - last_s * S
    looked_ns = None if looked_s is None else NOW - looked_s * S
    assert begins_at([slot(s) for s in known_s], last_ns, looked_ns, NOW) == NOW - begins_s * S


def test_nobody_looks_back_for_longer_than_a_day() -> None:
    """A probe that was taken out for a month, and is back, has not missed a month."""
    assert begins_at([], NOW - 40 * 86_400 * S, NOW - 39 * 86_400 * S, NOW) == NOW - LOOK_BACK_NS


def test_a_look_that_was_cut_off_does_not_count() -> None:
    """Its worker was killed, and it is not ended, or somebody else has ended it."""
    assert looked_until([slot(30), slot(20), slot(10, "aborted"), slot(5, "")]) == NOW - 20 * S
    assert looked_until([]) is None
