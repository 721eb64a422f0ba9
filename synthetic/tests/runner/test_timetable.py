"""Which slots are due: each one once, whatever the clock and the process do, and whatever was not played is counted."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.plan import Schedule
from synthetic.runner.grid import SECOND_NS, Grid
from synthetic.runner.timetable import Due, Missed, Tick, Timetable

START = 1_800_000_000 * SECOND_NS
EVERY_MINUTE = Schedule(60.0, 0.0)
SCHEDULES = {"a": Schedule(60.0, 10.0), "b": Schedule(7.0, 3.0), "c": Schedule(1.0, 0.0)}


def s(seconds: float) -> int:
    """An instant, in seconds after the start."""
    return START + round(seconds * SECOND_NS)


def due(tick: Tick) -> list[float]:
    """The slots that are due, in seconds after the start."""
    return [(one.slot_ns - START) / SECOND_NS for one in tick.due]


def missed(tick: Tick) -> list[tuple[list[float], str]]:
    """The slots that were missed, in seconds after the start, with their reasons."""
    return [([(slot - START) / SECOND_NS for slot in one.slots], str(one.reason)) for one in tick.missed]


def test_a_slot_is_due_at_its_instant_and_not_before() -> None:
    """And the next look is asked for when the next one is."""
    table = Timetable({"p": EVERY_MINUTE}, {}, s(1))
    assert table.next_ns() == s(60)
    assert table.tick(s(59.999)) == Tick()
    assert table.tick(s(60)).due == [Due("p", s(60))]
    assert table.tick(s(60)) == Tick()
    assert table.next_ns() == s(120)


def test_a_slot_may_be_handed_out_early_so_that_all_is_ready_at_its_instant() -> None:
    """A quarter of a second for a probe a minute; a fast one a twentieth of its distance, or its own run would be in the way."""
    table = Timetable({"p": EVERY_MINUTE, "fast": Schedule(2.0)}, {}, s(59), early_ns=SECOND_NS // 4)
    assert table.next_ns() == s(59.75)  # of both
    assert table.tick(s(59.749)) == Tick()
    assert sorted(table.tick(s(59.9)).due, key=lambda one: one.probe) == [Due("fast", s(60)), Due("p", s(60))]
    assert table.next_ns() == s(61.9)
    assert missed(table.tick(s(63.8))) == [([62.0], "lag")]


def test_a_run_that_takes_long_moves_no_slot() -> None:
    """Start times are the grid's: a late look plays the same slot, and the one behind it stays where it is."""
    table = Timetable({"p": EVERY_MINUTE}, {}, s(1))
    assert due(table.tick(s(63.2))) == [60.0]
    assert due(table.tick(s(120))) == [120.0]


def test_a_slot_while_the_run_before_still_plays_is_missed() -> None:
    """`overlap: skip`: it is counted, and not played later."""
    table = Timetable({"p": EVERY_MINUTE}, {}, s(1))
    table.tick(s(60))
    table.started("p")
    assert missed(table.tick(s(120))) == [([120.0], "overlap")]
    table.ended("p")
    assert table.tick(s(125)) == Tick()
    assert due(table.tick(s(180))) == [180.0]


def test_a_stalled_loop_plays_the_newest_slot_only_and_counts_the_others() -> None:
    """What passed meanwhile is missed for `lag`; there is no burst."""
    table = Timetable({"p": EVERY_MINUTE}, {}, s(1))
    tick = table.tick(s(242))
    assert due(tick) == [240.0]
    assert missed(tick) == [([60.0, 120.0, 180.0], "lag")]


def test_a_slot_that_is_too_old_is_missed_and_not_played() -> None:
    """Five seconds late is too late for a probe a minute; half its distance for a fast one."""
    assert missed(Timetable({"p": EVERY_MINUTE}, {}, s(1)).tick(s(65.1))) == [([60.0], "lag")]
    assert due(Timetable({"p": EVERY_MINUTE}, {}, s(1)).tick(s(65))) == [60.0]
    assert missed(Timetable({"p": Schedule(2.0)}, {}, s(1)).tick(s(3.5))) == [([2.0], "lag")]


def test_what_passed_while_nobody_was_there_is_missed_and_not_played_at_once() -> None:
    """After a restart: `down` for each, and the next slot at its time."""
    table = Timetable({"p": EVERY_MINUTE}, {"p": s(120)}, s(330))
    tick = table.tick(s(330))
    assert due(tick) == []
    assert missed(tick) == [([180.0, 240.0, 300.0], "down")]
    assert table.next_ns() == s(360)


def test_a_restart_between_two_slots_misses_nothing() -> None:
    """The last slot was played before, and the next one is yet to come."""
    table = Timetable({"p": EVERY_MINUTE}, {"p": s(60)}, s(90))
    assert table.tick(s(90)) == Tick()
    assert due(table.tick(s(120))) == [120.0]


def test_a_stall_right_after_a_restart_is_told_apart_from_it() -> None:
    """Before the start `down`, behind it `lag`."""
    table = Timetable({"p": EVERY_MINUTE}, {"p": s(60)}, s(130))
    assert missed(table.tick(s(250))) == [([120.0], "down"), ([180.0, 240.0], "lag")]


def test_a_probe_that_was_never_played_has_missed_nothing() -> None:
    """It begins now."""
    assert Timetable({"p": EVERY_MINUTE}, {}, s(500)).tick(s(530)) == Tick()


def test_a_clock_that_goes_back_plays_no_slot_twice() -> None:
    """Until it has caught up nothing is due; how far it has to go is known, for the health of the runner."""
    table = Timetable({"p": EVERY_MINUTE}, {}, s(1))
    table.tick(s(120))
    assert table.tick(s(59)) == Tick()
    assert table.tick(s(120)) == Tick()
    assert table.ahead_ns(s(60)) == 60 * SECOND_NS
    assert due(table.tick(s(180))) == [180.0]


def test_a_year_of_silence_costs_nothing() -> None:
    """A probe a second that was away for a year has 31 million missed slots, which are counted and not listed."""
    table = Timetable({"p": Schedule(1.0)}, {"p": s(0)}, s(365 * 86_400))
    (lost,) = table.tick(s(365 * 86_400 + 0.7)).missed
    assert len(lost.slots) == 365 * 86_400
    assert lost.reason is Missed.DOWN


def test_other_probes_are_taken_in_without_a_burst() -> None:
    """A reload: one stays as it is, one goes, one comes and has missed nothing, one gets another schedule."""
    table = Timetable({"stays": EVERY_MINUTE, "goes": EVERY_MINUTE, "changes": EVERY_MINUTE}, {}, s(1))
    table.tick(s(60))
    table.started("stays")
    others = {"stays": EVERY_MINUTE, "changes": Schedule(30.0), "comes": Schedule(20.0)}
    assert table.replace(others, {"comes": s(-600)}, s(70)) == Tick()
    assert sorted((one.probe, one.slot_ns) for one in table.tick(s(80)).due) == [("comes", s(80))]
    assert sorted(one.probe for one in table.tick(s(90)).due) == ["changes"]
    assert [(one.probe, one.reason) for one in table.tick(s(120)).missed] == [
        ("comes", Missed.LAG),
        ("stays", Missed.OVERLAP),
    ]


def test_a_denser_probe_plays_in_between_and_ends_by_itself() -> None:
    """Its own slots stay where they are."""
    table = Timetable({"p": EVERY_MINUTE}, {}, s(1))
    table.tick(s(60))
    table.densify("p", 3, s(130), s(65))
    seen = []
    for second in range(66, 301):
        seen += [(one.slot_ns, one.extra) for one in table.tick(s(second)).due]
    assert [((slot - START) // SECOND_NS, extra) for slot, extra in seen] == [
        (80, True), (100, True), (120, False), (180, False), (240, False), (300, False),
    ]  # fmt: skip


def test_a_suspicion_that_ends_between_two_slots_plays_none_twice() -> None:
    """The slot in between that was expected does not become the one before it."""
    table = Timetable({"p": Schedule(4.0)}, {}, s(1))
    table.densify("p", 4, s(5.5), s(1))
    assert [due(table.tick(s(second))) for second in (2, 3, 4, 5, 6, 7, 8)] == [[2], [3], [4], [5], [], [], [8]]


def test_a_suspicion_that_is_told_again_and_again_goes_on_as_it_was() -> None:
    """The gate tells it every second while it lasts, and a reload in between does not hold it up."""
    table = Timetable({"p": EVERY_MINUTE}, {}, s(0))
    seen = []
    for second in range(1, 181):
        if second == 90:
            table.replace({"p": Schedule(60.0, deadline_s=50.0)}, {}, s(second))
        if second <= 120:
            table.densify("p", 3, s(second + 10), s(second))
        seen += due(table.tick(s(second)))
    assert seen == [20, 40, 60, 80, 100, 120, 180]


def test_a_suspicion_told_with_another_factor_counts_at_once() -> None:
    """What the budget carries may be more or less than a second ago."""
    table = Timetable({"p": EVERY_MINUTE}, {}, s(0))
    table.densify("p", 2, s(60), s(1))
    table.densify("p", 6, s(60), s(2))
    assert [due(table.tick(s(second))) for second in (10, 20)] == [[10], [20]]
    table.densify("p", 2, s(60), s(21))
    assert [due(table.tick(s(second))) for second in (25, 30, 40)] == [[], [30], []]


def test_a_slot_in_between_that_is_not_played_is_no_missed_slot() -> None:
    """Only what the schedule promised can be missed."""
    table = Timetable({"p": EVERY_MINUTE}, {}, s(1))
    table.densify("p", 4, s(600), s(1))
    table.started("p")
    assert table.tick(s(30)) == Tick()
    assert missed(table.tick(s(60))) == [([60.0], "overlap")]


def test_an_unknown_probe_changes_nothing() -> None:
    """A suspicion, a start or an end of a probe that a reload took away."""
    table = Timetable({}, {}, s(0))
    table.densify("gone", 3, s(100), s(0))
    table.started("gone")
    table.ended("gone")
    assert table.next_ns() is None
    assert table.tick(s(100)) == Tick()
    assert table.ahead_ns(s(0)) == 0


@pytest.mark.parametrize("early_ns", [0, SECOND_NS // 4])
@given(
    st.lists(
        st.tuples(
            st.floats(min_value=-100.0, max_value=200.0),  # how far the clock goes
            st.sampled_from(["look", "look", "look", "restart", "reload", "suspect", "end"]),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_no_slot_is_handed_out_twice_whatever_happens(early_ns: int, story: list[tuple[float, str]]) -> None:
    """Clocks that jump, restarts that know only the last slot, reloads, suspicions: a slot is played or missed, once."""
    now = START
    last: dict[str, int] = {}
    table = Timetable(SCHEDULES, last, now, early_ns=early_ns)
    handed: Counter[tuple[str, int]] = Counter()
    for seconds, event in story:
        now += round(seconds * SECOND_NS)
        before = Tick()
        match event:
            case "restart":
                table = Timetable(SCHEDULES, last, now, early_ns=early_ns)
            case "reload":
                before = table.replace({**SCHEDULES, "b": Schedule(5.0 + len(handed) % 3)}, last, now)
            case "suspect":
                table.densify("a", 4, now + 90 * SECOND_NS, now)
            case "end":
                table.ended("a")
        tick = table.tick(now)
        tick = Tick(before.due + tick.due, before.missed + tick.missed)
        assert len({one.probe for one in tick.due}) == len(tick.due)
        for one in tick.due:
            assert -early_ns <= now - one.slot_ns <= 5 * SECOND_NS
            table.started(one.probe)
        gone = [(lost.probe, slot) for lost in tick.missed for slot in lost.slots]
        for probe, slot in [*((one.probe, one.slot_ns) for one in tick.due), *gone]:
            handed[probe, slot] += 1
            last[probe] = max(slot, last.get(probe, 0))
    assert not [slot for slot, times in handed.items() if times > 1]


@given(st.lists(st.floats(min_value=0.001, max_value=30.0), min_size=1, max_size=80), st.integers(0, 79))
@pytest.mark.parametrize("factor", [1, 3])
def test_every_slot_is_played_or_counted(factor: int, steps: list[float], restart_at: int) -> None:
    """While the clock goes forward, with a restart on the way: no slot of any grid is lost."""
    now = START
    last = dict.fromkeys(SCHEDULES, START)
    table = Timetable(SCHEDULES, last, now)
    handed: set[tuple[str, int]] = set()
    for index, seconds in enumerate(steps):
        now += round(seconds * SECOND_NS)
        if index == restart_at:
            table = Timetable(SCHEDULES, last, now)
        table.densify("a", factor, now + 20 * SECOND_NS, now)
        tick = table.tick(now)
        slots = [(one.probe, one.slot_ns) for one in tick.due]
        slots += [(lost.probe, slot) for lost in tick.missed for slot in lost.slots]
        handed.update(slots)
        last |= {probe: max(slot, last[probe]) for probe, slot in slots}
    for name, schedule in SCHEDULES.items():
        grid = Grid.of(name, schedule)
        assert {slot for probe, slot in handed if probe == name and grid.holds(slot)} == set(
            grid.slots_between(START, now)
        )
