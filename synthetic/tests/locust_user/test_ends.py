"""However a load test ends, its money comes home or is told of."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from synthetic.core.money import Money
from synthetic.journal.book import open_book
from synthetic.locust_user.thresholds import Exit
from synthetic.tests.locust_user.locusts import WITHIN_S, ended, locust, started

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]
SMALL = """
from locust import constant, events
from synthetic.locust_user.user import ScenarioUser, attach

attach(events)

class Player(ScenarioUser):
    plays = {"deposit-bet-withdraw": 1}
    budget = {"run": "5.00 EUR", "day": "7.00 EUR"}
    wait_time = constant(0.1)
"""


def await_effects(journal: Path, count: int) -> None:
    """Until the users play."""
    until(lambda: journal.exists() and len(_effects(journal)) >= count)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _effects(journal: Path) -> list[object]:
    with open_book(journal) as book:
        return list(book.entries())


def all_is_home(journal: Path) -> bool:
    """Whether no run and no effect is open."""
    with open_book(journal) as book:
        return not book.open_runs() and not book.open_intents() and not book.stranded_runs()


@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["one process", "two processes"])
def test_ctrl_c_lets_the_runs_that_go_on_come_to_their_end(
    tmp_path: Path, cells: Path, processes: tuple[str, ...]
) -> None:
    """A terminal sends it to the workers as well."""
    process = started(tmp_path, cells, "-u", "8", "-r", "8", "-t", "100s", *processes)
    await_effects(tmp_path / "load.db", 4)
    os.killpg(process.pid, signal.SIGINT)
    told = ended(process)
    assert "Reconciled: journal = ledger = PSP reports, to the cent" in told.out, told.out
    assert "Traceback" not in told.out
    assert all_is_home(tmp_path / "load.db")


def test_a_budget_that_is_used_up_ends_the_test_and_is_never_passed(tmp_path: Path, cells: Path) -> None:
    """Seven deposits of one euro, from two processes together, and a sentence that says why."""
    (tmp_path / "small.py").write_text(SMALL, encoding="utf-8")
    told = locust(
        tmp_path, cells, "-u", "4", "-r", "4", "-t", "100s", "--processes", "2", files=(tmp_path / "small.py",)
    )
    assert told.code == Exit.HARNESS, told.out
    assert "! the budget was used up: of the cap 7.00 EUR a day too little is left" in told.out
    with open_book(tmp_path / "load.db") as book:
        paid_in = [entry.intent.amount for entry in book.entries() if entry.intent.kind == "deposit"]
    assert sum(amount.minor for amount in paid_in) <= Money(700, "EUR").minor
    assert len(paid_in) >= 5
    assert all_is_home(tmp_path / "load.db")


def test_the_kill_switch_ends_the_test_which_does_not_pass(tmp_path: Path, cells: Path) -> None:
    """No run may begin; nothing was measured that anybody could rely on."""
    with open_book(tmp_path / "load.db") as book:
        book.kill("ops", "stop everything")
    told = locust(tmp_path, cells, "-u", "4", "-r", "4", "-t", "100s")
    assert told.code == Exit.HARNESS, told.out
    assert "! no run could begin any more: " in told.out


def test_more_users_than_players_do_not_pass(tmp_path: Path, cells: Path) -> None:
    """60 users with 24 players are no load of 60 users."""
    told = locust(tmp_path, cells, "-u", "60", "-r", "60", "-t", "5s")
    assert told.code == Exit.HARNESS, told.out
    assert "so the load was smaller than asked for: no player was free" in told.out


def test_a_worker_that_is_lost_is_no_pass(tmp_path: Path, cells: Path) -> None:
    """Its users are played by the other one, and its figures are gone."""
    process = started(tmp_path, cells, "-u", "8", "-r", "8", "-t", "15s", "--processes", "2")
    await_effects(tmp_path / "load.db", 8)
    os.kill(_a_worker_of(process.pid), signal.SIGKILL)
    told = ended(process)
    assert "! 1 workers were lost" in told.out, told.out
    assert told.code in (Exit.HARNESS, Exit.STRANDED), told.out


def _a_worker_of(master: int) -> int:
    children = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="utf-8").split()
    return int(children[0])
