"""A SQLite file as a `Database`: write-ahead log, `synchronous=FULL`, one writer at a time."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from synthetic.core.errors import HarnessError, JournalUnavailable
from synthetic.journal.database import Row, Transaction, Value

_BUSY_S = 5.0  # how long another process may hold the file
_ONE_STATEMENT = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError)  # its fault, not the disk's
_REFUSED = (sqlite3.Error, OSError)


class SqliteDatabase:
    """One file on a local disk. After a failure it is opened anew; a file that was removed meanwhile is not made again.

    `durable` False, for what is no money: a power cut may cost the newest transactions (`synchronous=NORMAL`), never the file.
    """

    def __init__(self, path: Path, *, busy_s: float = _BUSY_S, durable: bool = True) -> None:
        self._path = path
        self._synchronous = "FULL" if durable else "NORMAL"
        self._busy_s = busy_s
        self._reading, self._writing = threading.Lock(), threading.Lock()
        self._closed = False
        self._inode = 0
        self._writer: sqlite3.Connection | None = self._connect(create=True)
        self._reader: sqlite3.Connection | None = None

    @property
    def where(self) -> str:
        """The file's path."""
        return str(self._path)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """BEGIN IMMEDIATE ... COMMIT, synced. Raises JournalUnavailable."""
        with self._writing:
            try:
                self._require_same_file()
                self._writer = self._writer or self._connect()
                yield from _transaction(self._path, self._writer, "BEGIN IMMEDIATE")
            except JournalUnavailable:
                self._drop_writer()
                raise

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A snapshot, through a connection of its own. Raises JournalUnavailable."""
        with self._reading:
            try:
                self._require_same_file()
                self._reader = self._reader or self._connect()
                yield from _transaction(self._path, self._reader, "BEGIN")
            except JournalUnavailable:
                self._drop_reader()
                raise

    def close(self) -> None:
        """Close the file, once whoever is at it is done."""
        self._closed = True
        with self._reading, self._writing:
            self._drop_reader()
            self._drop_writer()

    def _drop_writer(self) -> None:
        connection, self._writer = self._writer, None
        _close(connection)

    def _drop_reader(self) -> None:
        connection, self._reader = self._reader, None
        _close(connection)

    def _connect(self, *, create: bool = False) -> sqlite3.Connection:
        try:
            return self._connected("rwc" if create else "rw")
        except _REFUSED as error:
            raise _told(self._path, error) from error

    def _connected(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=self._busy_s,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._configure(connection)
            self._inode = self._path.stat().st_ino
        except BaseException:
            connection.close()
            raise
        return connection

    def _configure(self, connection: sqlite3.Connection) -> None:
        mode = _switch_to_wal(connection, self._busy_s)
        if mode != "wal":
            raise HarnessError(f"{self._path}: no write-ahead log is possible here ({mode}); use a local disk")
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")

    def _require_same_file(self) -> None:
        """An open connection goes on writing into a file that was removed, and nobody would ever read that again."""
        if self._closed:
            raise JournalUnavailable(f"{self._path}: the journal is closed")
        try:
            inode = self._path.stat().st_ino
        except OSError as error:
            raise _told(self._path, error) from error
        if inode != self._inode:
            raise JournalUnavailable(f"{self._path}: the journal can't be used: another file has taken its place")


class _SqliteTransaction:
    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    def rows(self, statement: str, /, **values: Value) -> list[Row]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except _REFUSED as error:
            raise _told(self._path, error) from error

    def change(self, statement: str, /, **values: Value) -> int:
        try:
            return self._connection.execute(statement, values).rowcount
        except _REFUSED as error:
            raise _told(self._path, error) from error

    @contextmanager
    def attempt(self) -> Iterator[None]:
        self._connection.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # a full disk has rolled all of it back
                self._connection.execute("ROLLBACK TO attempt")
                self._connection.execute("RELEASE attempt")
            raise
        self._connection.execute("RELEASE attempt")


def _told(path: Path, error: sqlite3.Error | OSError) -> HarnessError:
    """What it means: that one statement was wrong, or that nothing can be promised."""
    if isinstance(error, _ONE_STATEMENT):
        return HarnessError(f"{path}: the journal refused: {error}")
    return JournalUnavailable(f"{path}: the journal can't be used: {error}")


def _transaction(path: Path, connection: sqlite3.Connection, begin: str) -> Iterator[Transaction]:
    try:
        connection.execute(begin)
        try:
            yield _SqliteTransaction(path, connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    except _REFUSED as error:
        raise _told(path, error) from error


def _switch_to_wal(connection: sqlite3.Connection, busy_s: float) -> str:
    """Switch a fresh file to WAL. SQLite's busy handler does not cover this switch, so openers that race take turns here."""
    deadline_s = time.monotonic() + busy_s
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.005)
        else:
            return str(mode)


def _close(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        with suppress(sqlite3.Error):  # a disk that fails while we let go of it has been told before
            connection.close()
