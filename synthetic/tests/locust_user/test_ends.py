"""However a load test ends, its money comes home or is told of."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from synthetic.core.money import Money
from synthetic.journal.book import open_book
from synthetic.locust_user.thresholds import Exit
from synthetic.tests.locust_user.locusts import LOCUSTFILE, ROOT, SHAPES, WITHIN_S, ended, locust, started
from synthetic.tests.runner.test_strandings import BREAKS

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive, pytest.mark.timeout(300)]
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


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["one process", "two processes"])
def test_a_signal_lets_the_runs_that_go_on_come_to_their_end_and_is_no_pass(
    tmp_path: Path, cells: Path, processes: tuple[str, ...], sent: signal.Signals
) -> None:
    """A terminal sends Ctrl-C to the workers as well; CI and Kubernetes send SIGTERM. The report is written and says so."""
    process = started(tmp_path, cells, "-u", "8", "-r", "8", "-t", "100s", "--html", "report.html", *processes)
    await_effects(tmp_path / "load.db", 4)
    os.killpg(process.pid, sent)
    told = ended(process)
    assert told.code == Exit.HARNESS, told.out
    assert re.search(r"! the test was interrupted after \d+ of 100 s", told.out), told.out
    assert "the test was interrupted after" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Reconciled: journal = ledger = PSP reports, to the cent" in told.out, told.out
    assert "Traceback" not in told.out
    assert all_is_home(tmp_path / "load.db")


def test_a_shape_that_sigterm_ends_brings_its_money_home(tmp_path: Path, cells: Path) -> None:
    """Locust does not listen to it while a shape goes on."""
    files = (LOCUSTFILE, SHAPES / "soak.py")
    process = started(tmp_path, cells, "-u", "8", "-t", "100s", "--html", "report.html", files=files)
    await_effects(tmp_path / "load.db", 4)
    os.kill(process.pid, signal.SIGTERM)
    told = ended(process)
    assert told.code == Exit.HARNESS, told.out
    assert re.search(r"! the test was interrupted after \d+ of 100 s", told.out), told.out
    assert "the test was interrupted after" in (tmp_path / "report.html").read_text(encoding="utf-8")
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


def test_a_kill_switch_that_is_thrown_meanwhile_ends_it_with_all_money_home(tmp_path: Path, cells: Path) -> None:
    """Runs that go on come to their end; minutes before the test's own."""
    process = started(tmp_path, cells, "-u", "8", "-r", "8", "-t", "600s")
    await_effects(tmp_path / "load.db", 4)
    with open_book(tmp_path / "load.db") as book:
        book.kill("ops", "stop everything")
    told = ended(process)
    assert told.code == Exit.HARNESS, told.out
    assert "the test ends early: " in told.out
    assert "ops" in told.out
    assert all_is_home(tmp_path / "load.db")


def test_stranded_money_ends_the_test_at_once(tmp_path: Path, cells: Path) -> None:
    """A stake whose round has paid in part can't be taken back: one run is enough to know, and a second would cost as much."""
    text = next((ROOT / "scenarios").rglob("wallet_b_partial_wins.yaml")).read_text(encoding="utf-8")
    (first,) = [line for line in text.splitlines() if line.startswith("  - {id: first,")]
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "stranding.yaml").write_text(text.replace(first, f"{first}\n{BREAKS}"), encoding="utf-8")
    (tmp_path / "stranding.py").write_text(SMALL.replace("deposit-bet-withdraw", "wallet-b-partial-wins"))
    told = locust(tmp_path, cells, "-u", "1", "-r", "1", "-t", "600s", files=(tmp_path / "stranding.py",))
    assert told.code == Exit.STRANDED, told.out
    assert "left 0.20 EUR stranded, and more runs would strand more" in told.out
    with open_book(tmp_path / "load.db") as book:
        assert len({entry.intent.run_id for entry in book.entries()}) == 1


def test_a_run_that_was_taken_over_ends_the_test(tmp_path: Path, cells: Path) -> None:
    """Somebody else has the account of a run: this process does not keep its leases, and its other runs will be next."""
    process = started(tmp_path, cells, "-u", "8", "-r", "8", "-t", "600s")
    await_effects(tmp_path / "load.db", 4)
    with sqlite3.connect(tmp_path / "load.db") as database:
        database.execute("UPDATE runs SET epoch = epoch + 1 WHERE outcome = ''")
    told = ended(process)
    assert told.code in (Exit.HARNESS, Exit.STRANDED), told.out
    assert "the test ends early: a run of this load was taken from it: " in told.out


def test_a_journal_that_takes_nothing_any_more_ends_the_test(tmp_path: Path, cells: Path) -> None:
    """Nothing is sent that could not be written down first, so there is nothing left to play."""
    process = started(tmp_path, cells, "-u", "4", "-r", "4", "-t", "600s")
    await_effects(tmp_path / "load.db", 4)
    with closing(sqlite3.connect(tmp_path / "load.db", isolation_level=None, timeout=30)) as database:
        database.execute("BEGIN EXCLUSIVE")
        assert process.stdout is not None
        said = next(line for line in process.stdout if "the test ends early: " in line)
        database.execute("ROLLBACK")
    told = ended(process)
    assert "the journal takes nothing any more: " in said or "no run could begin any more: " in said
    assert told.code in (Exit.HARNESS, Exit.STRANDED), told.out


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
    assert "! 1 worker lost" in told.out, told.out
    assert told.code in (Exit.HARNESS, Exit.STRANDED), told.out


def _a_worker_of(master: int) -> int:
    children = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="utf-8").split()
    return int(children[0])
