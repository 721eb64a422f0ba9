"""The bars of a takeover: each is missed where what it stands for did not happen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.takeover import EVERY_S, TookOver, bars_of, is_told
from synthetic.journal.model import Slot

NS = EVERY_S * 10**9


def slots(*outcomes: str, probe: str = "p") -> tuple[Slot, ...]:
    """Slots of a probe, one behind the other, as they ended; "-" leaves one out."""
    return tuple(
        Slot(probe, number * NS, "w", number * NS, 1 if outcome else 0, outcome)
        for number, outcome in enumerate(outcomes)
        if outcome != "-"
    )


WELL = TookOver(2, 3, 6.5, slots("ok,ok", "aborted", "missed", "ok,ok"), 0, 0)


def test_a_takeover_in_time_meets_every_bar() -> None:
    """Four bars."""
    assert [met for met, _ in bars_of(WELL)] == [True] * 4


@pytest.mark.parametrize(
    ("took", "bar"),
    [
        (replace(WELL, effects_under_way=0), 0),
        (replace(WELL, home_after_s=10.1), 1),
        (replace(WELL, slots=slots("ok,ok", "-", "ok,ok")), 2),
        (replace(WELL, slots=slots("ok,ok", "", "ok,ok")), 2),
        (replace(WELL, slots=()), 2),
        (replace(WELL, stranded=1), 3),
        (replace(WELL, exit_code=4), 3),
    ],
)
def test_each_bar_is_missed_where_it_should_be(took: TookOver, bar: int) -> None:
    """One change, one bar."""
    assert [number for number, (met, _) in enumerate(bars_of(took)) if not met] == [bar]


def test_the_workers_own_slots_are_no_part_of_the_schedule() -> None:
    """They come when they come."""
    assert is_told((*slots("ok,ok", "ok,ok"), *slots("looked", "-", "", probe="(gaps)")))
