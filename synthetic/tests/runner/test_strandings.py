"""What a run that breaks off leaves behind in a real world: nothing, or an amount that it tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from types import MappingProxyType

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario, matrix_rows
from synthetic.config.shipped import shipped_root
from synthetic.core.events import Event, RunEnded, UndoEnded
from synthetic.core.money import Money
from synthetic.journal.memory import MemoryJournal
from synthetic.reference.defects import DEFECTS
from synthetic.reference.faults import FAULTS
from synthetic.reference.world import World, WorldSettings
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.runner.blocking import BlockingSession
from synthetic.runner.identity import fresh_seed

pytestmark = pytest.mark.slow

BREAKS = '  - {id: breaks, call: wallet.balance, expect: ["out.cash == money(-1, run.currency)"]}\n'
NUMBERS = count(1)
NOTHING: Mapping[str, str] = MappingProxyType({})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, BlockingSession]]:
    """A world, and a session on its canary."""
    with world_in_a_thread(WorldSettings(seed=11)) as running:
        path = tmp_path_factory.mktemp("world") / "cells.yaml"
        running.write_cells(path)
        session = BlockingSession(load_cells(path)["canary"], seed=fresh_seed(), journal=MemoryJournal())
        yield running, session
        session.close()


def played(
    session: BlockingSession, scenario: str, change: Mapping[str, str] = NOTHING
) -> tuple[RunEnded, dict[str, str]]:
    """Play the first row of a shipped scenario with some changes to its text: its end, and how each effect was compensated."""
    root = shipped_root()
    text = next((root / "scenarios").rglob(f"{scenario}.yaml")).read_text(encoding="utf-8")
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    plan = load_scenario(Path(scenario), load_platform(root / "fixtures" / "platforms" / "reference.yaml"), text=text)
    events: list[Event] = []
    ended = session.play(plan, matrix_rows(plan, session.cell)[0], number=next(NUMBERS), sink=events.append)
    return ended, {event.step: event.result for event in events if isinstance(event, UndoEnded)}


def broken_off(session: BlockingSession, scenario: str, after: str) -> tuple[RunEnded, dict[str, str]]:
    """Play a shipped scenario that fails behind one of its steps: its end, and how each effect was compensated."""
    file = next((shipped_root() / "scenarios").rglob(f"{scenario}.yaml"))
    line = next(
        line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith(f"  - {{id: {after},")
    )
    ended, undone = played(session, scenario, {f"{line}\n": f"{line}\n{BREAKS}"})
    assert ended.failed_step == "breaks", ended.reason
    return ended, undone


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


@pytest.mark.parametrize(
    ("planted", "step", "result", "lost"),
    [
        ("accepts_bad_signature", "tampered", "undone", ()),
        ("verifies_what_it_parsed", "bet", "undone", ()),
        ("takes_any_token", "foreign", "undone", ()),
        ("takes_other_body_under_known_id", "other", "undone", (Money(20, "EUR"),)),  # two debits, and one refund an id
        ("pays_rolled_back_bets", "win", "stuck", (Money(20, "EUR"),)),
        ("forged_webhook_accepted", "forged", "stuck", (Money(100, "EUR"),)),
    ],
)
def test_what_had_to_be_refused_and_was_taken_comes_home_or_is_told(
    world: tuple[World, BlockingSession], planted: str, step: str, result: str, lost: tuple[Money, ...]
) -> None:
    """It had an intent and a key like any other call, so that a platform that takes it costs nothing unseen."""
    running, session = world
    fault = {**FAULTS, **DEFECTS}[planted]
    running.throw(fault, "canary")
    try:
        ended, undone = played(session, fault.scenario.replace("-", "_"))
    finally:
        for board in running.boards.values():
            board.clear()
    assert undone.get(step) == result, ended.reason
    assert ended.stranded == lost


def test_a_batch_that_is_taken_is_rolled_back_whole(world: tuple[World, BlockingSession]) -> None:
    """Both its bets: here a rich player plays it, so that the wallet has nothing to refuse."""
    change = {"pool:slim": "pool:standard", "${{ start.cash }}": "0.20 EUR"}
    ended, undone = played(world[1], "wallet_b_half_batch", change)
    assert ended.failed_step == "batch"
    assert undone == {"batch": "undone"}
    assert ended.stranded == ()


def test_a_batch_that_is_taken_when_it_comes_again_is_rolled_back_whole(world: tuple[World, BlockingSession]) -> None:
    """Refused at first, so that its own effect counts for nothing; the one that was taken has an effect of its own."""
    again = '{id: again, call: wallet_b.batch_again, with: {amount: 0.20 EUR, transaction: "${{ run.id }}-b1", second: '
    change = {f'{again}"${{{{ start.cash }}}}"': f"{again}0.05 EUR"}  # he has 0.25
    ended, undone = played(world[1], "wallet_b_half_batch", change)
    assert ended.failed_step == "again"
    assert undone == {"again": "undone"}
    assert ended.stranded == ()
