"""What seeds have found, as small as it gets: here it stays mended, whatever later seeds happen to play."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from synthetic.core.plan_serving import ProbePlan
from synthetic.journal.book import Book
from synthetic.journal.model import Caps, Claimed, Lease, RunRow
from synthetic.journal.schema import prepare
from synthetic.runner.dispatch.direct import DirectDispatch
from synthetic.runner.duty import GAPS, Duty
from synthetic.runner.gaps import LOOKED
from synthetic.runner.grid import Grid
from synthetic.runner.outside import Outside, Player
from synthetic.runner.specs import Turn
from synthetic.runner.worker import TickPlan, Worker
from synthetic.simulation.clocks import VirtualClock
from synthetic.simulation.crew import Ear
from synthetic.simulation.database import Disk, Reach, SimulatedDatabase
from synthetic.simulation.history import History
from synthetic.simulation.lives import Fate, Life
from synthetic.simulation.schedule import served
from synthetic.simulation.virtual_loop import VirtualLoop

PROBE = "alone"


@dataclass
class Scene:
    """A worker on a virtual loop, whose connection is what `reaches` says, one entry a transaction, and then up."""

    reaches: list[Reach] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.loop = VirtualLoop()
        self.clock = VirtualClock(self.loop)
        self.disk = disk = Disk()
        prepare(SimulatedDatabase(disk))
        reach = lambda: self.reaches.pop(0) if self.reaches else Reach.UP  # noqa: E731
        self.book = Book(SimulatedDatabase(disk, reach), self.clock.wall_ns)
        outside = Outside(self.book, self.clock, _no_driver, lambda _event: None)
        self.worker = Worker("w1", outside, 1, {}, lease_s=10.0)

    def duty(self) -> Duty:
        """The worker on duty, for one probe."""

        async def nothing(*_: Any) -> Any:
            return None

        plan = served(1, 1, Caps()).plan
        ear = Ear(History(self.loop.now_ns), Life("w1", 1, Fate(), self.loop, lambda _life, _why: None))
        bring_home: Callable[[RunRow, Lease], Coroutine[Any, Any, None]] = nothing
        return Duty(self.worker, lambda: plan, DirectDispatch(nothing), nothing, bring_home, ear)

    def close(self) -> None:
        """Let go of it."""
        self.loop.close()
        self.disk.close()

    def run(self, main: Coroutine[Any, Any, Any]) -> Any:
        """Run it to its end."""
        return self.loop.run_until_complete(main)


def _no_driver(cell: str) -> Player:
    raise AssertionError(f"nothing is sent here, to {cell} neither")


@pytest.fixture
def scene() -> Iterator[Scene]:
    """One of this test's own."""
    scene = Scene()
    yield scene
    scene.close()


def probe() -> ProbePlan:
    """The probe of the scene."""
    return served(1, 1, Caps()).plan.probes[0]


def test_a_slot_is_ended_although_its_claim_was_thought_to_have_failed(scene: Scene) -> None:
    """The claim was committed and the connection broke: without an end the slot would hold up those behind it."""
    scene.reaches += [Reach.CUT_BEHIND_COMMIT, Reach.DOWN]
    tick = TickPlan(PROBE, 7, 0, Turn((), {}, 1))
    assert scene.run(scene.worker.play(tick)).missed == "journal"
    (claimed,) = scene.book.slots(PROBE)
    assert not claimed.ended_ns
    scene.run(scene.worker.end_slots())
    (ended,) = scene.book.slots(PROBE)
    assert (ended.outcome, ended.ended_ns > 0) == ("journal", True)


def test_a_slot_whose_claim_did_fail_is_counted_as_missed(scene: Scene) -> None:
    """Nothing was committed: the slot is counted once the journal is back."""
    scene.reaches += [Reach.DOWN, Reach.DOWN]
    scene.run(scene.worker.play(TickPlan(PROBE, 7, 0, Turn((), {}, 1))))
    assert scene.book.slots(PROBE) == []
    scene.run(scene.worker.end_slots())
    (missed,) = scene.book.slots(PROBE)
    assert (missed.outcome, missed.reason) == ("missed", "journal")


def test_a_gap_is_found_by_whoever_comes_after_the_one_who_was_killed_before_counting_it(scene: Scene) -> None:
    """A slot was played behind the gap, so it is not the last slot that tells where to look from, but the last look."""
    grid = Grid.of(PROBE, probe().schedule)
    scene.run(asyncio.sleep(200.0))
    first_ns = grid.latest(scene.clock.wall_ns() - 100_000_000_000)
    before, gap, behind = (first_ns + number * grid.every_ns for number in range(3))
    for slot_ns in (before, behind):
        assert scene.book.claim_slot(PROBE, slot_ns, "w1") == Claimed()
        scene.book.end_slot(PROBE, slot_ns, "ok")
    assert scene.book.claim_slot(GAPS, before, "w1") == Claimed()
    scene.book.end_slot(GAPS, before, LOOKED)

    async def come_back() -> None:
        duty = scene.duty()
        await duty.begin()
        await duty.count_gaps()

    scene.run(come_back())
    counted = {slot.slot_ns: slot.reason for slot in scene.book.slots(PROBE)}
    assert counted[gap] == "down"
    assert counted[before] == counted[behind] == ""


def test_a_gap_that_could_not_be_written_down_is_found_again(scene: Scene) -> None:
    """The connection was gone at that moment: nothing was looked through, as far as anybody knows."""
    grid = Grid.of(PROBE, probe().schedule)
    duty = scene.duty()
    assert scene.book.claim_slot(PROBE, grid.latest(scene.clock.wall_ns()), "w0") == Claimed()
    scene.run(duty.begin())
    scene.run(asyncio.sleep(60.0))
    scene.reaches += [
        Reach.UP,
        Reach.UP,
        Reach.DOWN,
    ]  # the round is claimed, the slots are read, the gaps are not written
    scene.run(_unheard(duty.count_gaps()))
    assert len(scene.book.slots(PROBE)) == 1
    scene.run(asyncio.sleep(15.0))
    scene.run(duty.count_gaps())
    assert [slot.reason for slot in scene.book.slots(PROBE)][1:4] == ["down"] * 3


async def _unheard(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - which one it is, is asserted
        assert "no connection" in str(error)  # noqa: PT017 - see above
