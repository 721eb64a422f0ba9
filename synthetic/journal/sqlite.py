"""The durable journal: one SQLite file, one row per money effect, on the disk before `intend` returns."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from synthetic.core.effects import Intent
from synthetic.core.errors import HarnessError
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal.entry import OPEN_STATES, REOPENED_STATES, JournalEntry, require_same

_VERSION = 2
_BUSY_S = 5.0  # how long another process may hold the file
_SCHEMA = """
CREATE TABLE IF NOT EXISTS intents (
    key TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    step TEXT NOT NULL,
    operation TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    cell TEXT NOT NULL,
    player TEXT NOT NULL,
    state TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    updated_ns INTEGER NOT NULL
) STRICT
"""
_COLUMNS = "key, run_id, step, operation, kind, amount_minor, currency, source, target, cell, player, state, created_ns, updated_ns"
_INSERT = f"INSERT INTO intents ({_COLUMNS}) VALUES ({', '.join('?' * 14)}) ON CONFLICT (key) DO NOTHING"  # noqa: S608 - constants
_SELECT = f"SELECT {_COLUMNS} FROM intents"  # noqa: S608 - constants
# Version 1 had no `settled`: its `done` was not open, and stays so. That this is a new version keeps older programs out.
_SETTLE_VERSION_1 = f"UPDATE intents SET state = '{IntentState.SETTLED}' WHERE state = '{IntentState.DONE}'"  # noqa: S608 - constants
_RESOLVE = "UPDATE intents SET state = ?, updated_ns = ? WHERE key = ?"


class SqliteJournal:
    """`core.ports.Journal` in one file (WAL, `synchronous=FULL`). Threads may share it; processes may share the file.

    A key stands for one effect for ever, across runs. Raises HarnessError where the file can't be used.
    """

    def __init__(self, path: Path | str, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self._path = Path(path)
        self._wall_ns = wall_ns
        self._lock = threading.Lock()
        with self._disk():
            self._database = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            with self._disk():
                self._prepare()
        except HarnessError:
            self._database.close()
            raise

    def _prepare(self) -> None:
        (mode,) = self._database.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise HarnessError(f"{self._path}: no write-ahead log is possible here ({mode}); use a local disk")
        self._database.execute("PRAGMA synchronous = FULL")
        with self._transaction():
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise HarnessError(f"{self._path}: written by a newer version (schema {version}, known is {_VERSION})")
            self._database.execute(_SCHEMA)
            if version == 1:
                self._database.execute(_SETTLE_VERSION_1)
            self._database.execute(f"PRAGMA user_version = {_VERSION}")

    def intend(self, intent: Intent) -> None:
        """Put the intent on the disk; once more under the same key is no mistake. Raises HarnessError; then nothing may be sent."""
        now = self._wall_ns()
        with self._lock, self._disk(), self._transaction():
            inserted = self._database.execute(_INSERT, (*_row(intent), IntentState.INTENT.value, now, now)).rowcount
            if inserted:
                return
            entry = _entry(self._database.execute(f"{_SELECT} WHERE key = ?", (intent.key,)).fetchone())
            require_same(entry.intent, intent)
            if entry.state in REOPENED_STATES:
                self._database.execute(_RESOLVE, (IntentState.INTENT.value, now, intent.key))

    def resolve(self, key: str, state: IntentState) -> None:
        """Record what became of an intent. Raises HarnessError for a key that was never intended, and on disk errors."""
        with self._lock, self._disk(), self._transaction():
            if not self._database.execute(_RESOLVE, (state.value, self._wall_ns(), key)).rowcount:
                raise HarnessError(f"{self._path}: the journal has no intent under the key {key!r}")

    def entries(self) -> list[JournalEntry]:
        """Every intent, oldest first."""
        with self._lock, self._disk():
            return [_entry(row) for row in self._database.execute(f"{_SELECT} ORDER BY rowid")]

    def runs_known(self, run_ids: Iterable[str]) -> set[str]:
        """Those of these runs that have moved money before."""
        with self._lock, self._disk():
            known = {str(row[0]) for row in self._database.execute("SELECT DISTINCT run_id FROM intents")}
        return known.intersection(run_ids)

    def open_intents(self) -> list[JournalEntry]:
        """The intents that nobody has settled, oldest first."""
        marks = ", ".join("?" * len(OPEN_STATES))
        query = f"{_SELECT} WHERE state IN ({marks}) ORDER BY rowid"
        with self._lock, self._disk():
            return [_entry(row) for row in self._database.execute(query, sorted(OPEN_STATES))]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise HarnessError(f"{self._path}: the journal can't be used: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise


def _row(intent: Intent) -> tuple[str | int, ...]:
    return (
        intent.key,
        intent.run_id,
        intent.step,
        intent.operation,
        intent.kind,
        intent.amount.minor,
        intent.amount.currency,
        intent.source,
        intent.target,
        intent.cell,
        intent.player,
    )


def _entry(row: tuple[str | int, ...]) -> JournalEntry:
    key, run_id, step, operation, kind, minor, currency, source, target, cell, player, state, created, updated = row
    intent = Intent(
        run_id=str(run_id),
        step=str(step),
        operation=str(operation),
        kind=str(kind),
        amount=Money(int(minor), str(currency)),
        key=str(key),
        source=str(source),
        target=str(target),
        cell=str(cell),
        player=str(player),
    )
    return JournalEntry(intent, IntentState(str(state)), int(created), int(updated))
