"""The grid of a probe: laws over every schedule, name and instant."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.plan import Schedule
from synthetic.runner.grid import SECOND_NS, Grid

DAY_NS = 24 * 3600 * SECOND_NS
names = st.text(min_size=1, max_size=20)
instants = st.integers(min_value=1_700_000_000 * SECOND_NS, max_value=2_000_000_000 * SECOND_NS)
schedules = st.builds(
    lambda every_s, share: Schedule(every_s=every_s, jitter_s=every_s * share),
    st.floats(min_value=1.0, max_value=86_400.0),
    st.floats(min_value=0.0, max_value=0.99),
)
factors = st.integers(min_value=1, max_value=20)


@given(names, schedules, instants)
def test_a_slot_follows_at_the_grids_distance_whatever_was_asked(name: str, schedule: Schedule, after_ns: int) -> None:
    """The next slot is behind the instant, at most one distance away, and the slot behind it exactly one: nothing drifts."""
    grid = Grid.of(name, schedule)
    slot = grid.next_slot(after_ns)
    assert 0 < slot - after_ns <= grid.every_ns
    assert grid.next_slot(slot) == slot + grid.every_ns
    assert grid.holds(slot)
    assert grid.latest(slot) == slot
    assert grid.latest(slot - 1) == slot - grid.every_ns


@given(names, schedules)
def test_the_jitter_of_a_probe_is_always_the_same_and_within_its_bound(name: str, schedule: Schedule) -> None:
    """It comes of the name alone, so that a restart moves no slot."""
    grid = Grid.of(name, schedule)
    assert grid == Grid.of(name, schedule)
    assert 0 <= grid.offset_ns <= max(0, round(schedule.jitter_s * SECOND_NS) - 1)


def test_jitter_spreads_many_probes_evenly() -> None:
    """Of 1000 probes every tenth of the jitter gets its share: no herd."""
    offsets = [Grid.of(f"probe-{index}", Schedule(60.0, 10.0)).offset_ns for index in range(1000)]
    tenths = [sum(1 for offset in offsets if offset // SECOND_NS == second) for second in range(10)]
    assert sum(tenths) == 1000
    assert 60 < min(tenths) <= max(tenths) < 140


@given(names, schedules, instants, st.integers(min_value=0, max_value=30 * DAY_NS))
def test_the_slots_between_two_instants_are_all_that_there_are(
    name: str, schedule: Schedule, last_ns: int, pause_ns: int
) -> None:
    """Each is on the grid and within; however long the pause, they are counted without being walked through."""
    grid = Grid.of(name, schedule)
    slots = grid.slots_between(last_ns, last_ns + pause_ns)
    assert abs(len(slots) - pause_ns / grid.every_ns) <= 1
    if slots:
        assert last_ns < slots[0] <= slots[-1] <= last_ns + pause_ns
        assert slots[0] == grid.next_slot(last_ns)
        assert slots[-1] == grid.latest(last_ns + pause_ns)


@given(names, schedules, instants, factors)
def test_a_denser_grid_keeps_every_slot_of_its_own(name: str, schedule: Schedule, after_ns: int, factor: int) -> None:
    """Between two slots of the grid there are `factor - 1` more, none closer than a share of the distance."""
    grid = Grid.of(name, schedule)
    first = grid.next_slot(after_ns)
    slots = [first]
    for _ in range(factor):
        slots.append(grid.next_slot(slots[-1], factor))
    assert slots[-1] == first + grid.every_ns
    assert [grid.holds(slot) for slot in slots].count(True) == 2
    assert all(later - earlier >= grid.every_ns // factor for earlier, later in pairwise(slots))
    assert all(grid.latest(slot, factor) == slot for slot in slots)
