"""The durable journal: on the disk before `intend` returns, whoever dies, and honest about a disk that fails."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from synthetic.core.errors import HarnessError
from synthetic.core.outcome import IntentState
from synthetic.journal.sqlite import SqliteJournal
from synthetic.journal.sqlite_database import SqliteDatabase
from synthetic.tests.journal.conftest import intent

CHILD = """
import sys
from synthetic.journal.sqlite import SqliteJournal
from synthetic.journal.sqlite_database import SqliteDatabase
from synthetic.tests.journal.conftest import intent
journal = SqliteJournal(sys.argv[1])
journal.intend(intent("survives"))
print("intended", flush=True)
sys.stdin.read()
"""


def test_an_intent_survives_kill_9(tmp_path: Path) -> None:
    """A process that is killed right after `intend` leaves its intent behind."""
    path = tmp_path / "journal.db"
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "intended\n"
        child.send_signal(signal.SIGKILL)
        child.wait(30)
    with SqliteJournal(path) as journal:
        assert [entry.intent for entry in journal.open_intents()] == [intent("survives")]


def test_every_commit_is_synced(tmp_path: Path) -> None:
    """Write-ahead log with `synchronous=FULL` (2): a power cut loses nothing that `intend` has promised."""
    with SqliteJournal(tmp_path / "journal.db") as journal:
        journal.intend(intent())
    with closing(SqliteDatabase(tmp_path / "journal.db")) as database, database.write() as transaction:
        assert transaction.rows("PRAGMA journal_mode") == [("wal",)]
        assert transaction.rows("PRAGMA synchronous") == [(2,)]


def test_another_process_sees_the_intent_at_once(tmp_path: Path) -> None:
    """It is committed, not buffered, when `intend` returns; and so is its resolution."""
    path = tmp_path / "journal.db"
    with SqliteJournal(path) as journal, SqliteJournal(path) as other:
        journal.intend(intent())
        assert [entry.state for entry in other.entries()] == [IntentState.INTENT]
        journal.resolve("key-1", IntentState.DONE)
        assert [entry.state for entry in other.entries()] == [IntentState.DONE]


def test_what_was_done_in_an_older_file_is_no_orphan(tmp_path: Path) -> None:
    """Version 1 said `done` of what was over, too: it is settled once, and what is done from now on is open."""
    path = tmp_path / "journal.db"
    write_old_file(path, 1, {"old": IntentState.DONE, "lost": IntentState.UNKNOWN})
    with SqliteJournal(path) as journal:
        assert [(entry.intent.key, entry.state) for entry in journal.open_intents()] == [("lost", IntentState.UNKNOWN)]
        journal.resolve("old", IntentState.DONE)
    with SqliteJournal(path) as journal:
        assert [entry.intent.key for entry in journal.open_intents()] == ["old", "lost"]


def test_a_file_of_version_2_is_taken_over_whole(tmp_path: Path) -> None:
    """Its order, states and times stay; its effects have no arguments yet, and `done` means open as it did."""
    path = tmp_path / "journal.db"
    write_old_file(path, 2, {"b": IntentState.DONE, "a": IntentState.SETTLED})
    for _ in range(2):
        with SqliteJournal(path) as journal:
            assert [entry.intent for entry in journal.entries()] == [intent("b"), intent("a")]
            assert [entry.state for entry in journal.entries()] == [IntentState.DONE, IntentState.SETTLED]
            assert [(entry.created_ns, entry.updated_ns) for entry in journal.entries()] == [(1, 2), (1, 2)]


VERSION_2 = """
CREATE TABLE intents (
    key TEXT PRIMARY KEY, run_id TEXT NOT NULL, step TEXT NOT NULL, operation TEXT NOT NULL, kind TEXT NOT NULL,
    amount_minor INTEGER NOT NULL, currency TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL, cell TEXT NOT NULL,
    player TEXT NOT NULL, state TEXT NOT NULL, created_ns INTEGER NOT NULL, updated_ns INTEGER NOT NULL
) STRICT
"""


def write_old_file(path: Path, version: int, states: Mapping[str, IntentState]) -> None:
    """A file as versions 1 and 2 wrote it."""
    with closing(sqlite3.connect(path)) as database:
        database.execute(VERSION_2)
        for key, state in states.items():
            one = intent(key)
            names = (one.run_id, one.step, one.operation, one.kind, one.amount.minor, one.amount.currency)
            row = (key, *names, one.source, one.target, one.cell, one.player, state.value, 1, 2)
            database.execute("INSERT INTO intents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        database.execute(f"PRAGMA user_version = {version}")
        database.commit()


def test_threads_share_a_journal(tmp_path: Path) -> None:
    """Sixteen at once: every intent is there once, whoever wrote it."""
    barrier = threading.Barrier(16)
    with SqliteJournal(tmp_path / "journal.db") as journal:

        def work(number: int) -> None:
            barrier.wait(30)
            for index in range(5):
                journal.intend(intent(f"{number}-{index}"))
                journal.intend(intent("shared"))
                journal.resolve(f"{number}-{index}", IntentState.SETTLED)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(journal.entries()) == 81
        assert [entry.intent.key for entry in journal.open_intents()] == ["shared"]


def test_a_journal_that_another_process_holds_is_waited_for(tmp_path: Path) -> None:
    """A short lock is no error."""
    path = tmp_path / "journal.db"
    with SqliteJournal(path) as journal:
        holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        holder.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.2, lambda: holder.execute("COMMIT"))
        timer.start()
        journal.intend(intent())
        timer.join()
        holder.close()
        assert len(journal.entries()) == 1


FULL_DISK = """
import pathlib, resource, sys
from synthetic.core.errors import HarnessError
from synthetic.journal.sqlite import SqliteJournal
from synthetic.journal.sqlite_database import SqliteDatabase
from synthetic.tests.journal.conftest import intent
path = pathlib.Path(sys.argv[1])
journal = SqliteJournal(path)
journal.intend(intent("first"))
written = path.with_name(path.name + "-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (written, resource.RLIM_INFINITY))
try:
    journal.intend(intent("refused"))
except HarnessError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.intend(intent("afterwards"))
"""


def test_a_full_disk_is_told_and_nothing_is_promised(tmp_path: Path) -> None:
    """A limit on file sizes stands for the disk: `intend` raises, what was promised stays, and the journal recovers."""
    path = tmp_path / "journal.db"
    child = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, timeout=30, check=False
    )
    assert (child.returncode, child.stderr) == (0, "")
    assert child.stdout.startswith(f"{path}: the journal can't be used: ")
    with SqliteJournal(path) as journal:
        assert [entry.intent.key for entry in journal.entries()] == ["first", "afterwards"]


@pytest.mark.parametrize("breakage", ["directory", "missing", "not a database", "newer", "closed"])
def test_a_journal_that_can_not_be_used_says_which_file(tmp_path: Path, breakage: str) -> None:
    """One line with its path, and an error that ends a run before money moves."""
    path = tmp_path / "journal.db"
    match breakage:
        case "directory":
            path.mkdir()
        case "missing":
            path = tmp_path / "nowhere" / "journal.db"
        case "not a database":
            path.write_bytes(b"this is something else" * 100)
        case "newer":
            database = sqlite3.connect(path)
            database.execute("PRAGMA user_version = 99")
            database.close()
    with pytest.raises(HarnessError, match=str(path)):
        use(path)


def use(path: Path) -> None:
    journal = SqliteJournal(path)
    journal.close()
    journal.intend(intent())
