"""What is told at the end of a load test, and its exit code: in our own process, without Locust."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from synthetic.journal.book import open_book
from synthetic.locust_user.asked import Paths, read_asked
from synthetic.locust_user.command import Command
from synthetic.locust_user.ending import end
from synthetic.locust_user.thresholds import Exit
from synthetic.tests.locust_user.samples import run
from synthetic.tests.locust_user.test_asked import PLAYS

pytestmark = pytest.mark.slow

OPTIONS = Namespace(no_reconcile=False, fail_unknown=False, html_file=None, arrivals=None, num_users=10)
NOWHERE = "postgresql://load:hunter2@127.0.0.1:1/load"


def command_at(journal: str, cells: Path) -> Command:
    """A load test that has begun."""
    command = Command(read_asked(Paths(cells), {"Player": PLAYS}), journal, lambda _: None, lambda: 0.0)
    command.forget()
    return command


def test_a_journal_that_nobody_could_open_moved_no_money(
    shipped_cells: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is the load's own failure, and not money that is out."""
    command = command_at(NOWHERE, shipped_cells)
    command.cut_short = "the journal can't be used"
    assert end(OPTIONS, command) == Exit.HARNESS
    assert "Reconciled: there was nothing to compare" in capsys.readouterr().out


@pytest.mark.exhaustive
def test_a_journal_that_was_open_and_cannot_be_read_any_more_is_told_in_sentences(
    shipped_cells: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once, without a traceback, and without its password."""
    command = command_at(NOWHERE, shipped_cells)
    command.workers.add("worker-1")
    command.finished.add("worker-1")
    assert end(OPTIONS, command) == Exit.STRANDED
    told = capsys.readouterr().out
    assert "not every account could be compared (exit code 4)" in told
    assert told.count("Connection refused") == 1
    assert "hunter2" not in told


def test_whoever_waits_for_nothing_any_more_is_told_what_brings_money_home(
    shipped_cells: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second Ctrl-C compares nothing, and is no pass."""
    command = command_at("load.db", shipped_cells)
    command.workers.add("worker-1")
    assert end(OPTIONS, command, at_once=True) == Exit.STRANDED
    told = capsys.readouterr().out
    assert (
        f"interrupted once more; what the last runs have left comes home by: synthetic sweep --cells {shipped_cells}"
        in told
    )
    assert "Reconciled: no account could be compared" in told


@pytest.mark.exhaustive
def test_a_journal_that_has_lost_the_effects_of_the_test_agrees_with_nothing(
    shipped_cells: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its file was removed meanwhile, and an empty one has no difference."""
    with open_book(Path("load.db")):
        command = command_at("load.db", shipped_cells)
    command.workers.add("worker-1")
    command.total.take(run())
    assert end(OPTIONS, command) == Exit.STRANDED
    assert "money was moved, and the journal has no effect of this test" in capsys.readouterr().out
