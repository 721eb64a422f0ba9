"""Money that a session leaves open is told, listed and exit 4; the next session hears of it."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from synthetic.core.outcome import IntentState
from synthetic.journal.entry import JournalEntry
from synthetic.journal.sqlite import SqliteJournal
from synthetic.tests.cli.calling import call
from synthetic.tests.cli.test_run import QUIET
from synthetic.tests.cli.test_signals import DEADLINE_S, await_that, started

ENDLESS = """
scenario: endless
title: A deposit that is never what its step waits for
schedule: {every: 60s, deadline: 60s}
limits: {deposit: 1.00 EUR}
lease: {player: "pool:standard"}
steps:
  - {id: login, call: auth.login}
  - {id: deposit, call: cashier.deposit, with: {amount: 1.00 EUR, psp: psp-a}, until: "out.state == 'never'", within: 50s}
"""
WORDS = ("run", "--cell", "canary", "--scenario", "endless")


@pytest.fixture
def endless(project: Path) -> Path:
    """A project with a run that has money under way for as long as one likes, and one that moves none."""
    (project / "scenarios" / "endless.yaml").write_text(ENDLESS)
    (project / "scenarios" / "look.yaml").write_text(QUIET)
    return project


def left_open(project: Path) -> Sequence[JournalEntry]:
    """What the project's journal has open."""
    path = project / ".synthetic" / "journal.db"
    if not path.exists():
        return []
    with SqliteJournal(path) as journal:
        return journal.open_intents()


@pytest.mark.slow
def test_a_second_ctrl_c_lists_the_money_that_it_leaves(endless: Path, cells_file: Path) -> None:
    """Amount, step, run and state of each, exit 4; the run that was cut off is not left out of the counts."""
    with started(endless, *WORDS, "--cells", cells_file) as run:
        await_that(lambda: left_open(endless), "a deposit is under way")
        run.send_signal(signal.SIGINT)
        await_that(lambda: b"stopping" in (endless / "err").read_bytes(), "the first Ctrl-C is heard")
        run.send_signal(signal.SIGINT)
        assert run.wait(DEADLINE_S) == 4
    (entry,) = left_open(endless)
    told = (endless / "err").read_text()
    assert "MONEY STRANDED: 1 open effect, 1.00 EUR; the journal .synthetic/journal.db keeps them" in told
    assert f"  1.00 EUR  step deposit  run {entry.intent.run_id}  on canary  player {entry.intent.player}  " in told
    assert f"{entry.state}: " in told
    assert "Traceback" not in told
    swept = call("sweep", "--cells", cells_file)
    assert (swept.code, left_open(endless)) == (0, []), swept.out
    assert (endless / "out").read_text().splitlines()[-1] == "1 run: 1 aborted"


@pytest.mark.slow
def test_money_of_a_killed_session_is_told_to_the_next_one(endless: Path, cells_file: Path) -> None:
    """In one line with its sum and the journal's place; it is not the next session's failure."""
    with started(endless, *WORDS, "--cells", cells_file) as run:
        await_that(lambda: left_open(endless), "a deposit is under way")
        run.kill()
    answer = call("run", "--cells", cells_file, "--cell", "canary", "--scenario", "look")
    assert answer.code == 0, answer.err
    assert (
        "the journal .synthetic/journal.db holds 1 open effect of earlier runs: 1.00 EUR; `synthetic sweep` "
        in answer.err
    )


def test_a_session_whose_money_came_home_says_nothing_of_money(endless: Path, cells_file: Path) -> None:
    """A done effect is settled at the end of its run."""
    row = ("--row", "psp=psp-a", "--row", "provider=provider-a")
    answer = call("run", "--cells", cells_file, "--cell", "canary", "--scenario", "deposit-bet-withdraw", *row)
    assert answer.code == 0, answer.err
    with SqliteJournal(endless / ".synthetic" / "journal.db") as journal:
        assert {entry.state for entry in journal.entries()} == {IntentState.SETTLED}
    assert "open effect" not in answer.err
