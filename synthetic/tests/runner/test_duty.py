"""Workers on duty: each slot of the schedule is played once or counted as missed, and the dead are taken over from."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import pytest

from synthetic.config.cell_secrets import cell_secrets
from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.config.shipped import shipped_root
from synthetic.core.errors import Place
from synthetic.core.plan import CellPlan, Schedule
from synthetic.core.plan_serving import ProbePlan, ServingPlan
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.of_cells import asyncio_driver
from synthetic.journal.book import Book, open_book
from synthetic.journal.model import Claimed, Lease, NewRun, RunRow, Slot
from synthetic.runner.dispatch.direct import DirectDispatch
from synthetic.runner.duty import GAPS, Duty
from synthetic.runner.identity import fresh_seed
from synthetic.runner.outside import Outside
from synthetic.runner.policy import Refusal
from synthetic.runner.timetable import Missed
from synthetic.runner.worker import Worker

PROBE = "forged"
LEASE_S = 0.5


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """A book of this test's own."""
    with open_book(tmp_path / "book.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def cell(synthetic_cells_file: Path) -> CellPlan:
    """The canary of a running platform."""
    return load_cells(synthetic_cells_file)["canary"]


@pytest.fixture(scope="module")
def serving(cell: CellPlan) -> ServingPlan:
    """One short probe without money, five times a second."""
    root = shipped_root()
    platform = load_platform(root / "fixtures" / "platforms" / "reference.yaml")
    scenario = load_scenario(root / "scenarios" / "negative" / "wallet_tampered_signature.yaml", platform)
    schedule = Schedule(every_s=0.2, jitter_s=0.0, deadline_s=5.0)
    probe = ProbePlan(PROBE, Place(), scenario, cell, {"provider": "provider-a"}, schedule)
    return ServingPlan(
        place=Place(), name="t", digest="d", files=(), probes=(probe,), database="", listen=("", 0), audit=""
    )


@dataclass
class Heard:
    """What a duty has told."""

    due: list[float] = field(default_factory=list)
    missed: list[tuple[int, str]] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    journal_errors: set[str] = field(default_factory=set)

    def slot_due(self, probe: str, lag_s: float) -> None:
        assert probe == PROBE
        self.due.append(lag_s)

    def slot_missed(self, probe: str, slot_ns: int, word: str, why: str) -> None:
        assert probe == PROBE
        assert why or word in ("lag", "overlap")
        self.missed.append((slot_ns, word))

    def took_over(self, row: RunRow, lease: Lease) -> None:
        assert lease.epoch > row.lease.epoch
        self.taken.append(row.run.run_id)

    def not_recovered(self, run_id: str, error: str) -> None:
        self.broken.append((run_id, error))

    def journal(self, error: str) -> None:
        self.journal_errors.add(error)


async def nothing_refused(_probe: ProbePlan, _slot_ns: int) -> Refusal | None:
    return None


async def killed(_probe: ProbePlan, _slot_ns: int) -> Refusal | None:
    return Refusal("kill-switch", "the kill switch is on", Missed.KILLED)


Refusing = Callable[[ProbePlan, int], "asyncio.Future[Refusal | None]"]


@asynccontextmanager
async def on_duty(
    book: Book, name: str, serving: ServingPlan, heard: Heard, refuse: Callable[..., object] = nothing_refused
) -> AsyncIterator[Duty]:
    """A worker on duty until the end of the context, where it vanishes like a process that is killed."""
    cell, clock = serving.probes[0].cell, SystemClock()
    driver = asyncio_driver(cell, clock=clock)
    outside = Outside(book, clock, {cell.name: driver}.__getitem__, lambda _event: None)
    worker = Worker(name, outside, fresh_seed(), {cell.name: cell_secrets(cell)}, lease_s=LEASE_S)

    async def bring_home(row: RunRow, lease: Lease) -> None:
        assert row.run.cell == cell.name
        await asyncio.to_thread(book.close_run, lease, "aborted", "its worker was gone")

    async def play(probe: str, slot_ns: int) -> str:
        return await duty.play(probe, slot_ns)

    dispatch = DirectDispatch(play)
    duty = Duty(worker, lambda: serving, dispatch, refuse, bring_home, heard)  # type: ignore[arg-type]
    task = asyncio.ensure_future(duty.run())
    try:
        yield duty
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await dispatch.drain(5.0)
        await driver.aclose()


def slots_of(book: Book) -> list[Slot]:
    """All slots of the probe, in order."""
    return [slot for slot in book.slots() if slot.probe != GAPS]


async def until(claim: Callable[[], bool], within_s: float = 100.0) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(within_s):
        while not claim():  # noqa: ASYNC110 - what is waited for happens in a database
            await asyncio.sleep(0.02)


def is_gapless(slots: list[Slot]) -> bool:
    """Whether the slots lie 0.2 s apart."""
    return {later.slot_ns - earlier.slot_ns for earlier, later in pairwise(slots)} == {200_000_000}


def test_two_workers_play_each_slot_once(book: Book, serving: ServingPlan) -> None:
    """Every slot is taken by one of them, and none is left out."""
    heard = Heard(), Heard()

    async def go() -> None:
        async with on_duty(book, "w1", serving, heard[0]), on_duty(book, "w2", serving, heard[1]):
            await until(lambda: len(slots_of(book)) >= 10)

    asyncio.run(go())
    slots = slots_of(book)
    assert is_gapless(slots)
    played = [slot for slot in slots if slot.outcome in {"ok", "tainted"}]  # the latter on a busy machine
    assert len(heard[0].due) + len(heard[1].due) == len(played)
    assert len(played) + len({slot for one in heard for slot, _ in one.missed}) == len(slots), (slots, heard)


def test_slots_without_a_worker_are_counted_as_missed(book: Book, serving: ServingPlan) -> None:
    """A worker that comes back counts what passed in between, and plays none of it."""
    heard = Heard()

    async def go() -> None:
        async with on_duty(book, "w1", serving, Heard()):
            await until(lambda: len(slots_of(book)) >= 2)
        await asyncio.sleep(1.0)
        async with on_duty(book, "w2", serving, heard):
            await until(lambda: bool(heard.due) and is_gapless(slots_of(book)))

    asyncio.run(go())
    down = [slot for slot in slots_of(book) if slot.reason == "down"]
    assert len(down) >= 3, down
    assert all(slot.outcome == "missed" for slot in down)


def test_a_refused_slot_is_counted_with_its_reason(book: Book, serving: ServingPlan) -> None:
    """Nothing is played while the kill switch is on."""
    heard = Heard()

    async def go() -> None:
        async with on_duty(book, "w1", serving, heard, killed):
            await until(lambda: len(slots_of(book)) >= 3)

    asyncio.run(go())
    assert {slot.reason for slot in slots_of(book)} == {"killed"}
    assert heard.due == []
    assert book.open_runs() == []


def test_a_dead_workers_run_is_closed_by_a_survivor(book: Book, serving: ServingPlan) -> None:
    """Its lease runs out, the survivor takes it over under a higher epoch, and ends the slot that it was at."""
    scenario, cell = serving.probes[0].scenario, serving.probes[0].cell
    run = NewRun("r-dead", PROBE, scenario.name, scenario.digest, cell.name, {}, 1, 1, 200_000_000)
    assert book.claim_slot(PROBE, 200_000_000, "dead") == Claimed()
    assert book.admit(run, candidates=[("p-9", "canary/p-9")], worker="dead", ttl_s=0.2) is not None
    book.beat("dead")
    heard = Heard()

    async def go() -> None:
        async with on_duty(book, "w1", serving, heard):
            await until(lambda: not [row for row in book.open_runs() if row.run.run_id == "r-dead"])
            await until(lambda: "dead" not in book.dead_workers(0.0))

    asyncio.run(go())
    assert heard.taken == ["r-dead"]


def test_a_recovery_that_breaks_is_told_and_put_back(book: Book, serving: ServingPlan) -> None:
    """Nobody waits for its task: the run is open still, free for the next try in a minute, and no secret is in the telling."""
    scenario, cell = serving.probes[0].scenario, serving.probes[0].cell
    run = NewRun("r-dead", PROBE, scenario.name, scenario.digest, cell.name, {}, 1, 1, 200_000_000)
    assert book.admit(run, candidates=[("p-9", "canary/p-9")], worker="dead", ttl_s=0.2) is not None
    heard = Heard()

    async def broken(_row: RunRow, _lease: Lease) -> None:
        raise ValueError("token t-0123456789")

    async def go() -> None:
        async with on_duty(book, "w1", serving, heard) as duty:
            duty.bring_home = broken
            await until(lambda: bool(heard.broken) and not duty.busy)

    asyncio.run(go())
    assert heard.broken == [("r-dead", "our own code failed: ValueError")]
    (row,) = [row for row in book.open_runs() if row.run.run_id == "r-dead"]
    assert (row.lease.worker, row.reason) == ("", "our own code failed: ValueError")
    assert 50 < (row.next_try_ns - time.time_ns()) / 1e9 <= 60


def test_a_worker_ends_the_slots_of_its_earlier_life(book: Book, serving: ServingPlan) -> None:
    """Started again under its name it is nobody's dead worker, and a slot without an end would hold up those behind it."""
    slot_ns = time.time_ns() - 1_000_000_000
    assert book.claim_slot(PROBE, slot_ns, "w1") == Claimed()
    heard = Heard()

    async def go() -> None:
        async with on_duty(book, "w1", serving, heard):
            await until(lambda: bool(heard.due))

    asyncio.run(go())
    (ended,) = [slot for slot in book.slots() if slot.slot_ns == slot_ns]
    assert ended.outcome == "aborted"


def test_what_is_older_than_five_weeks_is_forgotten(book: Book, serving: ServingPlan) -> None:
    """A little at each look; what is younger stays."""
    now_ns, day_ns = time.time_ns(), 86_400 * 10**9
    book.miss_slots("gone", {now_ns - days * day_ns: "down" for days in (34, 36, 37, 38)})

    async def go() -> None:
        async with on_duty(book, "w1", serving, Heard()):
            await until(lambda: len(book.slots("gone")) == 1)

    asyncio.run(go())
    assert [slot.slot_ns for slot in book.slots("gone")] == [now_ns - 34 * day_ns]


def test_a_worker_never_takes_over_a_run_that_goes_on_here(book: Book, serving: ServingPlan) -> None:
    """Its lease ran out in an outage of the journal: it is renewed, and the run is nobody's to recover."""
    scenario, cell = serving.probes[0].scenario, serving.probes[0].cell
    run = NewRun("r-mine", PROBE, scenario.name, scenario.digest, cell.name, {}, 1, 1, 200_000_000)
    heard = Heard()

    async def go() -> None:
        async with on_duty(book, "w1", serving, heard) as duty:
            lease = book.admit(run, candidates=[("p-9", "canary/p-9")], worker="w1", ttl_s=0.001)
            assert lease is not None
            duty.worker.hold(lease)  # before anybody looks; by then the lease is over
            await asyncio.sleep(0.01)
            await duty.look_after()
            assert duty.worker.holds("r-mine")
            (row,) = [row for row in book.open_runs() if row.run.run_id == "r-mine"]
            assert row.lease.epoch == lease.epoch
            assert book.recoverable("w1") == []
            duty.worker.let_go(replace(lease, epoch=lease.epoch + 1))
            assert duty.worker.holds("r-mine"), "a lease of another epoch is another one"
            duty.worker.let_go(lease)

    asyncio.run(go())
    assert "r-mine" not in heard.taken


def test_a_changed_plan_takes_effect_without_a_restart(book: Book, serving: ServingPlan) -> None:
    """The probe of the new plan is played, the one that is gone is not any more."""
    plan, heard = [serving], Heard()
    renamed = replace(serving, probes=(replace(serving.probes[0], name="other"),))
    played: list[str] = []

    class Lenient(Heard):
        def slot_due(self, probe: str, lag_s: float) -> None:
            assert lag_s < 100.0
            played.append(probe)

    async def go() -> None:
        async with on_duty(book, "w1", serving, Lenient()) as duty:
            duty.plan = lambda: plan[0]
            duty.pacer.plan = duty.plan
            await until(lambda: PROBE in played)
            plan[0] = renamed
            await until(lambda: "other" in played)
            before = played.count(PROBE)
            await until(lambda: played.count("other") >= 3)
            assert played.count(PROBE) <= before + 1

    asyncio.run(go())
    assert heard.journal_errors == set()
