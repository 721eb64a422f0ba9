"""Faults of the harness itself: each is seen, blamed on the harness, and kept out of the pass rate."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from synthetic.cli.project import Sources, open_project
from synthetic.config.scenarios import matrix_rows
from synthetic.core.errors import RefusedByPolicy
from synthetic.core.events import CheckJudged, Event, RunEnded
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.journal.sqlite import SqliteJournal
from synthetic.reference.catalogue import Fault
from synthetic.reference.faults import FAULTS
from synthetic.reference.world import WorldSettings
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.runner.identity import fresh_seed
from synthetic.runner.provoked import PROVOCATIONS
from synthetic.runner.session import Session
from synthetic.runner.specs import Part, Turn

# Left out of the default suite, which has to stay under three minutes; CI plays it.
pytestmark = pytest.mark.slow

OWN = [fault for fault in FAULTS.values() if fault.provoke]


@pytest.fixture(scope="module")
def cells_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A healthy world."""
    with world_in_a_thread(WorldSettings(seed=11)) as world:
        path = tmp_path_factory.mktemp("world") / "cells.yaml"
        world.write_cells(path)
        yield path


def play(cells_file: Path, fault: Fault, journal: SqliteJournal, events: list[Event]) -> RunEnded:
    """One run of the fault's scenario on the canary, by a harness that is broken in this way; `events` gets what it tells."""
    project = open_project(Sources.shipped(cells_file))
    canary, plan = project.cells["canary"], project.scenarios[fault.scenario]["reference"]
    turn = Turn((Part(plan, canary),), matrix_rows(plan, canary)[0], 1)

    async def playing() -> list[RunEnded]:
        async with Session([canary], seed=fresh_seed(), sink=events.append, journal=journal) as session:
            session.provoke("canary", PROVOCATIONS[fault.provoke])
            return await session.play_turn(turn)

    return asyncio.run(playing())[0]


@pytest.mark.parametrize("fault", OWN, ids=lambda fault: fault.name)
def test_a_fault_of_our_own_is_ours(cells_file: Path, tmp_path: Path, fault: Fault) -> None:
    """The run says nothing of the target; a crash leaves its money in the journal, where the next session finds it."""
    with SqliteJournal(tmp_path / "journal.db") as journal:
        events: list[Event] = []
        ended = play(cells_file, fault, journal, events)
        left = [entry.intent for entry in journal.open_intents()]
    assert ended.blame is Blame.HARNESS, ended.reason
    assert ended.outcome in (RunOutcome.TAINTED, RunOutcome.ABORTED)
    if fault.caught_by == "journal":
        assert [(intent.kind, intent.amount.minor) for intent in left] == [("deposit", 100)]
    elif fault.caught_by.startswith("step:"):
        assert ended.failed_step == fault.caught_by.removeprefix("step:")
    else:
        assert fault.caught_by in {
            event.name for event in events if isinstance(event, CheckJudged) and event.held is False
        }


def test_nobody_breaks_the_harness_in_production(cells_file: Path, tmp_path: Path) -> None:
    """A provoked crash strands what it has moved."""
    canary = replace(open_project(Sources.shipped(cells_file)).cells["canary"], environment="production")
    with SqliteJournal(tmp_path / "journal.db") as journal:
        session = Session([canary], seed=1, sink=lambda _event: None, journal=journal)
        with pytest.raises(RefusedByPolicy, match="production"):
            session.provoke("canary", PROVOCATIONS["crashes_after_money"])
