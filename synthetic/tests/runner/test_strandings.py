"""What a run that breaks off leaves behind in a real world: nothing, or an amount that it tells."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.config.shipped import shipped_root
from synthetic.core.events import Event, RunEnded, UndoEnded
from synthetic.core.money import Money
from synthetic.journal.memory import MemoryJournal
from synthetic.reference.world import World, WorldSettings
from synthetic.runner.blocking import BlockingSession
from synthetic.runner.identity import fresh_seed
from synthetic.tests.reference.worlds import world_in_a_thread

BREAKS = '  - {id: breaks, call: wallet.balance, expect: ["out.cash == money(-1, run.currency)"]}\n'
NUMBERS = count(1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, BlockingSession]]:
    """A world, and a session on its canary."""
    with world_in_a_thread(WorldSettings(seed=11)) as running:
        path = tmp_path_factory.mktemp("world") / "cells.yaml"
        running.write_cells(path)
        session = BlockingSession(load_cells(path)["canary"], seed=fresh_seed(), journal=MemoryJournal())
        yield running, session
        session.close()


def broken_off(session: BlockingSession, scenario: str, after: str) -> tuple[RunEnded, dict[str, str]]:
    """Play a shipped scenario that fails behind one of its steps: its end, and how each effect was compensated."""
    root = shipped_root()
    file = next((root / "scenarios").rglob(f"{scenario}.yaml"))
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(index for index, line in enumerate(lines) if line.startswith(f"  - {{id: {after},"))
    text = "".join([*lines[: at + 1], BREAKS, *lines[at + 1 :]])
    platform = load_platform(root / "fixtures" / "platforms" / "reference.yaml")
    events: list[Event] = []
    ended = session.play(
        load_scenario(Path(scenario), platform, text=text), {}, number=next(NUMBERS), sink=events.append
    )
    assert ended.failed_step == "breaks", ended.reason
    return ended, {event.step: event.result for event in events if isinstance(event, UndoEnded)}


@pytest.mark.parametrize("dialect", ["a", "b"])
def test_a_stake_whose_round_is_open_and_has_paid_in_part_is_stranded(
    world: tuple[World, BlockingSession], dialect: str
) -> None:
    """0.20 staked, 0.10 paid, the round open: no rollback is possible, so a person has to know."""
    ended, undone = broken_off(world[1], f"wallet_{dialect}_partial_wins", "first")
    assert undone["bet"] == "stuck"
    assert ended.stranded == (Money(20, "EUR"),)


@pytest.mark.parametrize(("after", "result"), [("bet", "undone"), ("win", "nothing_to_undo")])
@pytest.mark.parametrize("dialect", ["a", "b"])
def test_a_stake_comes_home_or_its_round_is_over(
    world: tuple[World, BlockingSession], dialect: str, after: str, result: str
) -> None:
    """An open bet is rolled back; of a closed round nothing is left to take back."""
    ended, undone = broken_off(world[1], f"wallet_{dialect}_late_win", after)
    assert undone["bet"] == result
    assert ended.stranded == ()
