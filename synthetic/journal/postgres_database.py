"""A Postgres schema as a `Database`: `synchronous_commit` on, one writer at a time under an advisory lock."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

from synthetic.core.errors import HarnessError, JournalUnavailable
from synthetic.journal.database import Contended, Row, Transaction, Value

try:
    import psycopg
    from psycopg import errors, sql

    from synthetic.journal.postgres_waiting import bounded
except ImportError:  # pragma: no cover - the extra `postgres` is not installed
    psycopg = None  # type: ignore[assignment]

_SCHEMA = "synthetic"  # where the address names no search_path
# Every writer counts into the same budget rows and would wait for them anyway; taking turns at the door leaves no deadlock.
_WRITERS = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || %s::text))"
# Bounds for everything that could hang: a frozen worker may not hold the others, nor a cut cable ours.
_SETTINGS = {
    "synchronous_commit": "on",
    "lock_timeout": "5s",
    "statement_timeout": "10s",
    "idle_in_transaction_session_timeout": "10s",
}
_CONNECT: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_ANSWER_S = 15.0  # longer than the server takes for anything; behind it the line hangs (a proxy that stands still)
_NAMED = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")


class PostgresDatabase:
    """One connection to write and one to read, each made anew after it was lost. Raises HarnessError without psycopg.

    `book`: which of the schema's books is written; the writers of one wait for each other, and for no other book's.
    """

    def __init__(self, address: str, *, answer_s: float = _ANSWER_S, book: str = "journal") -> None:
        if psycopg is None:
            raise HarnessError("a journal in Postgres needs psycopg: pip install 'igaming-synthetic[postgres]'")
        self._address = address
        self._answer_s = answer_s
        self._book = book
        self._where = _without_secrets(address)
        self._reading, self._writing = threading.Lock(), threading.Lock()
        self._closed = False
        self._writer: psycopg.Connection[Row] | None = None
        self._reader: psycopg.Connection[Row] | None = None

    @property
    def where(self) -> str:
        """Host, port and database."""
        return self._where

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """BEGIN ... COMMIT under the writers' lock. Raises JournalUnavailable and Contended."""
        with self._writing, self._told():
            try:
                self._writer = self._begun(self._writer, "BEGIN")
                self._writer.execute(_WRITERS, (f".{self._book}",))
                yield from self._transaction(self._writer)
            except BaseException:
                self._writer = _usable(self._writer)
                raise

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A snapshot, through a connection of its own. Raises JournalUnavailable."""
        with self._reading, self._told():
            try:
                self._reader = self._begun(self._reader, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                yield from self._transaction(self._reader)
            except Contended as error:  # nobody tries a read again
                self._reader = _usable(self._reader)
                raise JournalUnavailable(f"{self._where}: {error}") from error
            except BaseException:
                self._reader = _usable(self._reader)
                raise

    def close(self) -> None:
        """Close both connections, once whoever is at them is done."""
        self._closed = True
        with self._reading, self._writing:
            for connection in (self._writer, self._reader):
                if connection is not None:
                    connection.close()

    def _begun(self, connection: psycopg.Connection[Row] | None, begin: str) -> psycopg.Connection[Row]:
        """A connection with a transaction begun. One that was lost while it was idle is replaced: nothing was under way."""
        if self._closed:
            raise JournalUnavailable(f"{self._where}: the journal is closed")
        if connection is not None:
            try:
                connection.execute(begin)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                connection.close()
            else:
                return connection
        connection = self._connect()
        connection.execute(begin)
        return connection

    def _connect(self) -> psycopg.Connection[Row]:
        connection = bounded(self._answer_s).connect(self._address, autocommit=True, **_unless_given(self._address))
        try:
            for name, value in _SETTINGS.items():
                connection.execute("SELECT set_config(%s, %s, false)", (name, value))
            _choose_schema(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _transaction(self, connection: psycopg.Connection[Row]) -> Iterator[Transaction]:
        try:
            yield _PostgresTransaction(connection, self._where)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(psycopg.Error):  # a lost connection has rolled back by itself
                connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        with _told(self._where):
            yield


class _PostgresTransaction:
    def __init__(self, connection: psycopg.Connection[Row], where: str) -> None:
        self._connection = connection
        self._where = where

    def rows(self, statement: str, /, **values: Value) -> list[Row]:
        with _told(self._where):
            return self._connection.execute(_translated(statement), values).fetchall()

    def change(self, statement: str, /, **values: Value) -> int:
        with _told(self._where):
            return self._connection.execute(_translated(statement), values).rowcount

    @contextmanager
    def attempt(self) -> Iterator[None]:
        with _told(self._where):
            self._connection.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            with suppress(psycopg.Error):
                self._connection.execute("ROLLBACK TO attempt")
            raise
        with _told(self._where):
            self._connection.execute("RELEASE attempt")


@contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except (errors.SerializationFailure, errors.DeadlockDetected) as error:
        raise Contended(str(error)) from error
    except (errors.IntegrityError, errors.DataError) as error:
        raise HarnessError(f"{where}: the journal refused: {_line(error)}") from error
    except psycopg.Error as error:
        raise JournalUnavailable(f"{where}: the journal can't be used: {_line(error)}") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _usable(connection: psycopg.Connection[Row] | None) -> psycopg.Connection[Row] | None:
    """The connection where it may be used again."""
    if connection is not None and not connection.closed and _idle(connection):
        return connection
    if connection is not None:
        connection.close()
    return None


def _idle(connection: psycopg.Connection[Row]) -> bool:
    return connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def _choose_schema(connection: psycopg.Connection[Row]) -> None:
    """Its own schema, or the first one of the address's search_path; made where it does not exist."""
    (path,) = _one(connection, "SHOW search_path")
    schema = _SCHEMA if path == '"$user", public' else re.split(r"\s*,\s*", path)[0].strip('"')
    connection.execute("SELECT set_config('search_path', quote_ident(%s), false)", (schema,))
    if not _one(connection, "SELECT count(*) FROM pg_namespace WHERE nspname = %s", schema)[0]:
        with connection.transaction():  # openers that race take turns: IF NOT EXISTS alone lets two of them collide
            connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (schema,))
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))


def _one(connection: psycopg.Connection[Row], statement: Any, *values: Value) -> Row:
    row = connection.execute(statement, values).fetchone()
    assert row is not None, "the statement answers one row"
    return row


def _unless_given(address: str) -> dict[str, Any]:
    """The bounds of a connection that its address does not set itself."""
    given = psycopg.conninfo.conninfo_to_dict(address)
    return {name: value for name, value in _CONNECT.items() if name not in given}


def _without_secrets(address: str) -> str:
    try:
        known = psycopg.conninfo.conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        raise HarnessError(
            "the journal's address is not one of Postgres: postgresql://user@host:port/database"
        ) from None
    return f"postgresql://{known.get('host', '')}:{known.get('port', 5432)}/{known.get('dbname', '')}"


@lru_cache(maxsize=256)
def _translated(statement: str) -> str:
    return _NAMED.sub(r"%(\1)s", statement)
