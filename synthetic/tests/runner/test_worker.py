"""A worker plays a tick once, on both sides in one instant, and leaves nothing open that it could close."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from synthetic.config.cell_secrets import cell_secrets
from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.config.shipped import shipped_root
from synthetic.core.errors import Killed
from synthetic.core.events import Event, RunStarted
from synthetic.core.machine.state import Machine
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState, RunOutcome
from synthetic.core.plan import CellPlan, PlayerPlan, ScenarioPlan
from synthetic.core.ports import EventSink, Journal
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.of_cells import asyncio_driver
from synthetic.journal.book import Book, open_book
from synthetic.journal.model import Caps, Claimed, NewRun, RunRow
from synthetic.runner.identity import fresh_seed
from synthetic.runner.outside import Outside
from synthetic.runner.specs import Part, Turn
from synthetic.runner.worker import Ticked, TickPlan, Worker, account_of, whole_pool

DEPOSIT = "deposit_bet_withdraw"
ROW = {"psp": "psp-a", "provider": "provider-a"}


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """A book of this test's own."""
    with open_book(tmp_path / "book.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def cells(synthetic_cells_file: Path) -> tuple[CellPlan, CellPlan]:
    """Canary and baseline of a running platform."""
    loaded = load_cells(synthetic_cells_file)
    return loaded["canary"], loaded["baseline"]


@pytest.fixture(scope="module")
def plan() -> ScenarioPlan:
    """The scenario that moves the most money."""
    root = shipped_root()
    platform = load_platform(root / "fixtures" / "platforms" / "reference.yaml")
    return load_scenario(root / "scenarios" / "cashier" / f"{DEPOSIT}.yaml", platform)


class Breaking:
    """A driver whose own code fails between the first intent and its request."""

    def __init__(self, driver: AsyncDriver) -> None:
        self._driver = driver

    async def run(self, scenario: Machine[Any], *, sink: EventSink, journal: Journal) -> Any:
        def until_money() -> Machine[Any]:
            result = None
            while True:
                step = scenario.send(result)
                if (intent := getattr(step, "moves", None)) is not None:
                    journal.intend(intent)
                    raise ZeroDivisionError("this driver is broken")
                result = yield step

        return await self._driver.run(until_money(), sink=sink, journal=journal)


Body = Callable[[Worker], Coroutine[Any, Any, Any]]


def working(
    book: Book,
    cells: Sequence[CellPlan],
    body: Body,
    *,
    events: list[Event] | None = None,
    broken: bool = False,
    seed: int | None = None,
) -> Any:
    """What comes of this body with a worker on these cells."""

    async def go() -> Any:
        clock = SystemClock()
        drivers = {cell.name: asyncio_driver(cell, clock=clock) for cell in cells}
        players = {name: Breaking(driver) if broken else driver for name, driver in drivers.items()}
        sink = (events if events is not None else []).append
        secrets = {cell.name: cell_secrets(cell) for cell in cells}
        outside = Outside(book, clock, players.__getitem__, sink)
        worker = Worker("w1", outside, fresh_seed() if seed is None else seed, secrets)
        try:
            return await body(worker)
        finally:
            for driver in drivers.values():
                await driver.aclose()

    return asyncio.run(go())


def tick(plan: ScenarioPlan, cells: Sequence[CellPlan], number: int = 1, caps: Sequence[Caps] = ()) -> TickPlan:
    """One tick of the scenario."""
    turn = Turn(tuple(Part(plan, cell) for cell in cells), ROW, number, "pair-1")
    return TickPlan("probe", number, SystemClock().monotonic_ns(), turn, caps)


def test_a_tick_is_played_on_both_sides_and_everything_is_closed(
    book: Book, plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan]
) -> None:
    """Two runs that started in one instant, nothing open, the slot ended."""
    events: list[Event] = []
    ticked: Ticked = working(book, cells, lambda worker: worker.play(tick(plan, cells)), events=events)
    assert [run.outcome for run in ticked.runs] == [RunOutcome.OK, RunOutcome.OK], ticked.runs
    assert (book.open_intents(), book.open_runs(), book.left().effects) == ([], [], 0)
    assert [(slot.outcome, slot.worker) for slot in book.slots()] == [("ok,ok", "w1")]
    starts = [event.at_ns for event in events if isinstance(event, RunStarted)]
    assert abs(starts[0] - starts[1]) < 500_000_000  # one after the other would be a whole journey apart


def test_a_tick_that_is_ready_early_begins_at_its_instant(
    book: Book, plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan]
) -> None:
    """Never before it; both accounts are leased by then, and how much too late it began is told."""
    events: list[Event] = []
    due_ns = SystemClock().monotonic_ns() + 400_000_000
    early = replace(tick(plan, cells), due_ns=due_ns)
    ticked: Ticked = working(book, cells, lambda worker: worker.play(early), events=events)
    starts = [event for event in events if isinstance(event, RunStarted)]
    assert all(event.at_ns >= due_ns == event.scheduled_at_ns for event in starts)
    assert {run.outcome for run in ticked.runs} == {RunOutcome.OK}
    assert all(row.started_ns - event.wall_ns < 0 for row, event in zip(rows(book, starts), starts, strict=True))
    assert 0 <= ticked.lag_s <= (starts[0].at_ns - due_ns) / 1e9


def rows(book: Book, starts: Sequence[RunStarted]) -> list[RunRow]:
    """What the journal keeps of these runs."""
    found = [book.run(event.run_id) for event in starts]
    return [row for row in found if row is not None]


def test_a_slot_that_is_taken_is_not_played(book: Book, plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan]) -> None:
    """Another worker has it."""
    assert book.claim_slot("probe", 1, "another") == Claimed()
    assert working(book, cells, lambda worker: worker.play(tick(plan, cells))) == Ticked()
    assert book.entries() == []


def test_a_slot_is_missed_while_another_worker_is_at_the_one_before(
    book: Book, plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan]
) -> None:
    """The timetable knows of our own slots only; the journal knows of all."""
    assert book.claim_slot("probe", 1, "another") == Claimed()
    second = replace(tick(plan, cells, number=2), alone_since_ns=0)
    ticked = working(book, cells, lambda worker: worker.play(second))
    assert (ticked.missed, ticked.why) == ("overlap", "the worker 'another' is still at the slot before")
    assert book.entries() == []
    assert [(slot.slot_ns, slot.worker, slot.reason) for slot in book.slots("probe")] == [
        (1, "another", ""),
        (2, "", "overlap"),
    ]


def test_nothing_begins_where_one_side_has_no_player(
    book: Book, plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan]
) -> None:
    """The canary's account is given back, and the slot is missed."""
    nobody = replace(cells[1], players=())
    ticked = working(book, (cells[0], nobody), lambda worker: worker.play(tick(plan, (cells[0], nobody))))
    assert ticked.missed == "no_player"
    assert "'standard'" in ticked.why
    assert (book.open_runs(), book.entries()) == ([], [])
    assert [slot.outcome for slot in book.slots()] == ["no_player"]


def test_nothing_begins_while_the_kill_switch_is_on(
    book: Book, plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan]
) -> None:
    """Not even a log-in."""
    book.kill("anna", "the PSP asked us to stop")
    events: list[Event] = []
    ticked = working(book, cells, lambda worker: worker.play(tick(plan, cells)), events=events)
    assert ticked.missed == "killed"
    assert "the PSP asked us to stop" in ticked.why
    assert events == []


def test_a_kill_behind_the_admission_still_stops_the_run(
    book: Book, plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan]
) -> None:
    """The switch is asked right before the first request: accounts are given back, and nothing is sent."""
    events: list[Event] = []
    asked: list[int] = []

    def may_begin() -> None:
        asked.append(len(book.open_runs()))
        if len(asked) == 2:
            raise Killed("the kill switch is on, by anna: drill")

    async def play(worker: Worker) -> Ticked:
        worker.may_begin = may_begin
        return await worker.play(tick(plan, cells))

    ticked = working(book, cells, play, events=events)
    assert asked == [0, 2], "before the accounts are leased, and behind it"
    assert (ticked.missed, events, book.open_runs(), book.entries()) == ("killed", [], [], [])


def test_no_more_runs_go_at_a_time_than_may(book: Book, plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan]) -> None:
    """Also where many ticks are due in one instant, before any of them has a lease."""

    async def both(worker: Worker) -> list[Ticked]:
        worker.at_once = lambda: 3
        return list(await asyncio.gather(*(worker.play(tick(plan, cells, number)) for number in (1, 2))))

    ticked = working(book, cells, both)
    assert sorted(one.missed for one in ticked) == ["", "lag"]


def test_whatever_breaks_before_a_run_begins_ends_its_slot_and_keeps_no_lease(
    book: Book, plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan]
) -> None:
    """A cell whose secrets are gone: told by kind and place alone, the slot ended, the account free."""

    async def play(worker: Worker) -> tuple[Ticked, int]:
        worker.secrets = {}
        return await worker.play(tick(plan, cells[:1])), worker.running

    ticked, running = working(book, cells[:1], play)
    assert "KeyError in worker.py" in ticked.runs[0].reason
    assert (running, book.open_runs(), [slot.outcome for slot in book.slots()]) == (0, [], ["aborted"])

    async def broken(_part: Part, _row: Mapping[str, str]) -> Sequence[PlayerPlan]:
        raise RuntimeError("hunter2")

    async def unfit(worker: Worker) -> tuple[Ticked, int]:
        worker.fit = broken
        return await worker.play(tick(plan, cells[:1], 2)), worker.running

    ticked, running = working(book, cells[:1], unfit)
    assert (ticked.missed, running) == ("unhealthy", 0)
    assert "RuntimeError" in ticked.why
    assert "hunter2" not in ticked.why


def test_two_ticks_at_once_never_share_an_account(
    book: Book, plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan]
) -> None:
    """One player a cell: the second tick is missed."""
    alone = tuple(replace(cell, players=tuple(p for p in cell.players if p.pool == "standard")[:1]) for cell in cells)

    async def both(worker: Worker) -> list[Ticked]:
        return list(await asyncio.gather(*(worker.play(tick(plan, alone, number)) for number in (1, 2))))

    ticked = working(book, alone, both)
    assert sorted(one.missed for one in ticked) == ["", "no_player"]


def test_a_run_whose_budget_is_used_up_sends_no_money(
    book: Book, plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan]
) -> None:
    """The cap is ours, so the run is nobody else's failure."""
    caps = (Caps(day=Money(50, "EUR")),)
    ticked = working(book, cells[:1], lambda worker: worker.play(tick(plan, cells[:1], caps=caps)))
    assert [run.outcome for run in ticked.runs] == [RunOutcome.ABORTED]
    assert "day" in ticked.runs[0].reason
    assert book.entries() == []


def test_what_our_own_code_breaks_stays_open_for_the_compensator(
    book: Book, plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan]
) -> None:
    """For all that the journal knows, the deposit has left: the run stays open, its account taken, due for recovery."""
    ticked = working(book, cells[:1], lambda worker: worker.play(tick(plan, cells[:1])), broken=True)
    assert "ZeroDivisionError" in ticked.runs[0].reason
    assert [effect.state for effect in book.open_intents()] == [IntentState.INTENT]
    (row,) = book.open_runs()
    assert row.lease.account == account_of(cells[0], row.player)
    assert [due.run.run_id for due in book.recoverable("w2", row.next_try_ns + 1)] == [row.run.run_id]


def test_leases_are_renewed_while_a_run_plays(book: Book, plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan]) -> None:
    """A run that takes longer than a lease keeps its account."""

    async def play_slowly(worker: Worker) -> Ticked:
        worker.lease_s = 0.6
        keeping = asyncio.ensure_future(worker.keep_leases())
        try:
            return await worker.play(tick(plan, cells[:1]))
        finally:
            keeping.cancel()

    ticked = working(book, cells[:1], play_slowly)
    assert [run.outcome for run in ticked.runs] == [RunOutcome.OK], ticked.runs[0].reason
    assert book.open_runs() == []


def test_money_that_no_run_explains_is_told_and_never_a_baseline(
    book: Book, plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan]
) -> None:
    """A run's own wins and losses move the baseline; a euro beside them does not, however often it is seen."""
    canary = cells[:1]

    async def alone(part: Part, row: Mapping[str, str]) -> Sequence[PlayerPlan]:
        return (await whole_pool(part, row))[:1]

    async def play(worker: Worker) -> tuple[Money, str]:
        worker.fit = alone
        seen: list[str] = []
        for number in (1, 2, 3):
            ticked = await worker.play(tick(plan, canary, number))
            assert [run.outcome for run in ticked.runs] == [RunOutcome.OK], ticked
            row = book.run(ticked.runs[0].run_id)
            assert row is not None
            account, reason = row.lease.account, row.reason
            seen.append(reason)
            if number == 2:  # somebody pays one euro in: there is one more than there has to be
                run = NewRun("by-hand", "probe", "", "", "canary", {}, 1, 1, 0)
                lease = book.adopt(run, player=row.player, account=account, worker="w2", ttl_s=10)
                now = book.baseline(account)
                assert lease is not None
                assert now is not None
                assert book.residues() == {}
                book.set_baseline(lease, Money(now.minor - 100, now.currency))
                book.close_run(lease, "ok")
        assert seen[:2] == ["", ""]
        return book.residues()[account], seen[2]

    surplus, reason = working(book, canary, play)
    assert surplus == Money(100, "EUR")
    assert reason == "1.00 EUR more than before are in the wallet, and nobody knows whose they are"
