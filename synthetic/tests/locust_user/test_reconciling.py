"""The command that compares the accounts after a load."""

from __future__ import annotations

import time
from pathlib import Path

from synthetic.journal.book import open_book
from synthetic.locust_user.asked import Paths, read_asked
from synthetic.locust_user.reconciling import command_line, left_open
from synthetic.tests.deploy.accepting import refusal
from synthetic.tests.journal.conftest import intent
from synthetic.tests.locust_user.test_asked import PLAYS


def test_it_is_accepted_and_tells_nobody_the_password_of_the_journal(shipped_cells: Path) -> None:
    """Everybody on the machine sees a command line."""
    asked = read_asked(Paths(shipped_cells), {"Player": PLAYS})
    for journal in ("postgresql://load:hunter2@db/load", "load.db"):
        command = command_line(asked, journal, time.time_ns() - 60 * 10**9, ["p-standard-1", "p-standard-2"])
        assert "hunter2" not in " ".join(command)
        assert command[1:4] == ["-m", "synthetic.cli", "reconcile"]
        assert refusal(command[3:]) == ""


def test_a_test_that_never_played_has_left_nothing_open(shipped_cells: Path, tmp_path: Path) -> None:
    """And no journal is made to find that out."""
    asked = read_asked(Paths(shipped_cells), {"Player": PLAYS})
    assert left_open(asked, str(tmp_path / "none.db"), 0) == []
    assert not (tmp_path / "none.db").exists()


def test_an_effect_of_a_worker_whose_clock_is_behind_is_seen(shipped_cells: Path, tmp_path: Path) -> None:
    """Left open on another machine, by the clock there ten seconds before the test began."""
    asked = read_asked(Paths(shipped_cells), {"Player": PLAYS})
    began_ns = time.time_ns()
    with open_book(tmp_path / "load.db", wall_ns=lambda: began_ns - 10 * 10**9) as book:
        book.intend(intent(), None)
    (sentence,) = left_open(asked, str(tmp_path / "load.db"), began_ns)
    assert sentence.startswith("1 run cut off with 1 effect open")
    assert left_open(asked, str(tmp_path / "load.db"), began_ns + 3600 * 10**9) == []


def test_a_path_stays_a_path(shipped_cells: Path) -> None:
    """It can be read in what is told."""
    asked = read_asked(Paths(shipped_cells), {"Player": PLAYS})
    command = command_line(asked, "sub/load.db", time.time_ns(), [])
    assert command[command.index("--journal") + 1] == "sub/load.db"
