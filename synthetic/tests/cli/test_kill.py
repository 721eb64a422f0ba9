"""`synthetic kill` stops every worker of a serve file, also of a broken one; `synthetic resume` lets them go on."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from synthetic.audit.chain import Chain
from synthetic.core.effects import Intent
from synthetic.core.money import Money
from synthetic.drivers.clocks import SystemClock
from synthetic.journal.book import open_book
from synthetic.journal.model import NewRun
from synthetic.runner.killswitch import KillSwitch
from synthetic.tests.audit.writing import lines
from synthetic.tests.cli.calling import Answer, call

SERVE = """
serve: reference
cells: nowhere.yaml
database: runner.db
kill: {file: kill}
probes: [{scenarios: [no-such-scenario], cells: [nowhere]}]
"""
WHY = ("--reason", "psp-a pays twice", "--by", "anna")


@pytest.fixture
def serve_file(tmp_path: Path) -> Path:
    """A serve file with every mistake that a tired person can make, and the journal that it names."""
    path = tmp_path / "runner.yaml"
    path.write_text(SERVE)
    open_book(tmp_path / "runner.db").close()
    return path


def stopped(serve_file: Path) -> bool:
    """Whether a worker of this serve file would begin a run."""
    with open_book(serve_file.parent / "runner.db") as book:
        return KillSwitch(book, SystemClock(), file=serve_file.parent / "kill").look() is not None


def status(serve_file: Path) -> str:
    """What `--status` says."""
    return call("kill", serve_file, "--status").out


def test_a_kill_stops_the_workers_and_a_resume_lets_them_go_on(serve_file: Path) -> None:
    """Though the serve file names cells and scenarios that there are not."""
    killed = call("kill", serve_file, *WHY)
    assert (killed.code, stopped(serve_file)) == (0, True), killed.err
    assert killed.out.startswith("on, by user:anna since 20")
    assert killed.out.endswith("Z: psp-a pays twice\n0 runs are open; no money is stranded\n")
    assert status(serve_file) == killed.out
    resumed = call("resume", serve_file, "--by", "ben")
    assert (resumed.code, stopped(serve_file)) == (0, False), resumed.err
    assert resumed.out == "off: runs may begin\n"
    assert "was on, by user:anna since " in resumed.err
    assert status(serve_file).startswith("off: runs may begin\n")


def test_a_second_kill_says_that_it_was_on_and_keeps_the_first_reason(serve_file: Path) -> None:
    """Who reads it later has to find what began it."""
    call("kill", serve_file, *WHY)
    again = call("kill", serve_file, "--reason", "me too")
    assert again.code == 0
    assert "it was on already, by user:anna since " in again.err
    assert "psp-a pays twice" in again.out
    assert "me too" not in again.out


def test_the_audit_knows_who_and_why(serve_file: Path) -> None:
    """In the chain of those who work by hand."""
    call("kill", serve_file, *WHY)
    call("resume", serve_file, "--by", "ben")
    noted = [(line["kind"], line["who"], line.get("data")) for line in lines(serve_file.parent / "audit", "operators")]
    assert noted[1:] == [("kill", "user:anna", {"reason": "psp-a pays twice"}), ("resume", "user:ben", None)]
    assert call("audit", "verify", serve_file.parent / "audit").code == 0


def test_an_audit_that_can_not_be_written_keeps_nobody_from_stopping(serve_file: Path) -> None:
    """It is said."""
    (serve_file.parent / "audit").touch()
    answer = call("kill", serve_file, *WHY)
    assert (answer.code, stopped(serve_file)) == (0, True)
    assert "not in the audit: " in answer.err


def test_two_who_work_by_hand_at_once_are_both_in_the_audit(serve_file: Path) -> None:
    """The second one waits for the first."""
    with Chain(serve_file.parent / "audit", "operators") as held:
        closing = threading.Timer(0.2, held.close)
        closing.start()
        answer = call("kill", serve_file, *WHY)
        closing.join()
    assert "not in the audit" not in answer.err
    assert [line["kind"] for line in lines(serve_file.parent / "audit", "operators")] == ["opened", "kill"]


def test_without_a_journal_the_file_is_the_door(serve_file: Path) -> None:
    """And it is said whom that stops; the way back removes it."""
    (serve_file.parent / "runner.db").unlink()
    answer = call("kill", serve_file, *WHY)
    assert answer.code == 0, answer.err
    assert "there is no journal at " in answer.err
    assert "it stops the workers that can see it" in answer.err
    assert (serve_file.parent / "kill").read_text() == "psp-a pays twice (user:anna)\n"
    assert answer.out == f"on, by the file {serve_file.parent / 'kill'}: psp-a pays twice (user:anna)\n"
    assert call("resume", serve_file).code == 0
    assert not (serve_file.parent / "kill").exists()


def test_a_kill_that_reaches_no_door_says_what_to_do(serve_file: Path) -> None:
    """Exit 3: somebody who believes that it worked would be worse off than before."""
    serve_file.write_text(SERVE.replace("kill: {file: kill}", "").replace("runner.db", "elsewhere.db"))
    answer = call("kill", serve_file, *WHY)
    assert answer.code == 3
    assert "to stop the runs, stop the workers (SIGTERM)" in answer.err
    assert not (serve_file.parent / "elsewhere.db").exists(), "a misspelt path makes no new journal"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "kill needs a reason"),
        (("--reason", "  "), "kill needs a reason"),
        (
            ("--reason", "x", "--database", "env:NO_SUCH_DATABASE"),
            "--database: the environment variable NO_SUCH_DATABASE",
        ),
    ],
)
def test_a_mistake_on_the_command_line_is_exit_2(serve_file: Path, arguments: Sequence[str], told: str) -> None:
    """And nothing is stopped by it."""
    answer = call("kill", serve_file, *arguments)
    assert (answer.code, stopped(serve_file)) == (2, False)
    assert told in answer.err


def test_a_database_or_a_file_can_be_named_without_a_serve_file(
    serve_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From a machine that has none."""
    monkeypatch.setenv("THE_DATABASE", str(tmp_path / "runner.db"))
    by_name = call("kill", tmp_path / "none.yaml", "--database", "env:THE_DATABASE", *WHY)
    assert (by_name.code, stopped(serve_file)) == (0, True), by_name.err
    assert call("resume", tmp_path / "none.yaml", "--database", "env:THE_DATABASE").code == 0
    by_file = call("kill", tmp_path / "none.yaml", "--file", tmp_path / "kill", *WHY)
    assert (by_file.code, stopped(serve_file)) == (0, True), by_file.err


def test_what_is_open_and_stranded_is_told_with_it(serve_file: Path) -> None:
    """The runs that play on, and money for which nobody is there any more."""
    with open_book(serve_file.parent / "runner.db", wall_ns=lambda: 10**18) as book:
        run = NewRun("run-1", "probe", "s", "d", "canary", {}, 1, 1, 0)
        lease = book.admit(run, candidates=[("p1", "w/p1")], worker="w1", ttl_s=1)
        book.intend(
            Intent("run-1", "deposit", "o", "deposit", Money(250, "EUR"), "k", "psp", "wallet", "canary", "p1"), lease
        )
    answer = call("kill", serve_file, *WHY)
    assert answer.out.endswith("1 run is open; STRANDED: 2.50 EUR in 1 effect\n")


def test_a_resume_that_changes_nothing_says_so(serve_file: Path) -> None:
    """It was not on."""
    answer: Answer = call("resume", serve_file)
    assert (answer.code, answer.out) == (0, "off: runs may begin (it was not on)\n")
