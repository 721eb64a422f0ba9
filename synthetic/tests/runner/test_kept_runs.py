"""Runs by hand in the journal: their rows, the leases of their accounts, and what a process that is gone leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.config.shipped import shipped_root
from synthetic.core.events import Event, RunStarted
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import CellPlan, ScenarioPlan
from synthetic.journal.book import Book, open_book
from synthetic.reference.world import World, WorldSettings
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.runner.identity import fresh_seed
from synthetic.runner.kept_runs import KeptRuns
from synthetic.runner.provoked import PROVOCATIONS
from synthetic.runner.session import Session
from synthetic.runner.specs import Part, Turn

pytestmark = pytest.mark.slow

ROW = {"psp": "psp-a", "provider": "provider-a"}


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CellPlan]:
    """A cell of a running world."""
    with world_in_a_thread(WorldSettings(seed=12)) as world:
        yield cell_of(world, tmp_path_factory.mktemp("world"))


def cell_of(world: World, folder: Path) -> CellPlan:
    """The canary of a world."""
    world.write_cells(folder / "cells.yaml")
    return load_cells(folder / "cells.yaml")["canary"]


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """A journal of this test's own."""
    with open_book(tmp_path / "journal.db") as opened:
        yield opened


def plan(name: str = "deposit_bet_withdraw") -> ScenarioPlan:
    """A shipped scenario."""
    root = shipped_root()
    platform = load_platform(root / "fixtures" / "platforms" / "reference.yaml")
    return load_scenario(next((root / "scenarios").rglob(f"{name}.yaml")), platform)


def play(cell: CellPlan, book: Book, scenario: ScenarioPlan, provoked: str = "") -> list[Event]:
    """Play one run as `synthetic run` does."""
    events: list[Event] = []
    seed = fresh_seed()

    async def playing() -> None:
        async with Session([cell], seed=seed, sink=events.append, kept=KeptRuns(book, seed)) as session:
            if provoked:
                session.provoke(cell.name, PROVOCATIONS[provoked])
            await session.play_turn(Turn((Part(scenario, cell),), ROW, 0))

    asyncio.run(playing())
    return events


def test_a_run_that_went_well_is_closed_in_the_journal(canary: CellPlan, book: Book) -> None:
    """With the row, the seed and the number that its ids were made of; its account is free again."""
    events = play(canary, book, plan())
    (started,) = [event for event in events if isinstance(event, RunStarted)]
    row = book.run(started.run_id)
    assert row is not None
    assert (row.outcome, row.player, row.run.scenario, row.run.row) == (
        "ok",
        started.player,
        "deposit-bet-withdraw",
        ROW,
    )
    assert (book.open_runs(), book.left().effects) == ([], 0)
    baseline = book.baseline(row.lease.account)
    assert baseline is not None
    assert baseline.minor > 4900


def test_a_run_that_broke_is_stranded_with_what_it_has_moved(canary: CellPlan, book: Book) -> None:
    """`synthetic sweep` takes it over at once; its account plays on."""
    play(canary, book, plan(), "crashes_after_money")
    (row,) = book.stranded_runs()
    assert "crash" in row.reason.lower()
    assert book.left().effects == 1
    assert [one.run.run_id for one in book.recoverable("sweep")] == [row.run.run_id]


def test_a_run_that_moves_nothing_has_no_row(canary: CellPlan, book: Book) -> None:
    """It leaves nothing to bring home, and may be played again under its seed."""
    events = play(canary, book, plan("login"))
    assert book.runs_known(event.run_id for event in events if isinstance(event, RunStarted)) == set()


def test_a_player_of_another_process_is_passed_over(canary: CellPlan, book: Book) -> None:
    """Two runs on one account would see each other's money."""
    other, turn = KeptRuns(book, fresh_seed()), Turn((Part(plan(), canary),), ROW, 0)
    first = next(player for player in canary.players if player.pool == "standard")
    assert asyncio.run(other.admit(turn.parts[0], turn, first)) is not None
    events = play(canary, book, plan())
    assert [event.player for event in events if isinstance(event, RunStarted)] != [first.id]


def test_the_accounts_of_a_process_that_is_gone_are_given_back(canary: CellPlan, book: Book) -> None:
    """As soon as its lease is over; while it lives, nobody touches it."""
    gone, turn = KeptRuns(book, fresh_seed()), Turn((Part(plan(), canary),), ROW, 0)
    first = next(player for player in canary.players if player.pool == "standard")
    gone.leases.lease_s = 0.0
    assert asyncio.run(gone.admit(turn.parts[0], turn, first)) is not None
    living = KeptRuns(book, fresh_seed())
    second = next(player for player in canary.players if player.pool == "standard" and player is not first)
    lease = asyncio.run(living.admit(turn.parts[0], turn, second))
    assert lease is not None
    KeptRuns(book, fresh_seed()).free_what_is_gone()
    assert [row.player for row in book.open_runs()] == [second.id]
    assert [row.player for row in book.stranded_runs()] == [first.id]
    asyncio.run(living.end(lease, second, RunOutcome.OK, ""))
    assert book.open_runs() == []
