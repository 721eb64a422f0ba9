"""What the journal asks of a database: transactions that are on the disk when they end, in one dialect of SQL.

Statements are written once, with `:name` for values, in what SQLite and Postgres have in common (`ON CONFLICT`, `RETURNING`).
Writers take turns, also those of other processes, so a transaction that writes sees everything that was committed before it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

Value = str | int
Row = tuple[Any, ...]


class Transaction(Protocol):
    """A transaction that is open."""

    def rows(self, statement: str, /, **values: Value) -> list[Row]:
        """What a query, or a change with RETURNING, answers."""

    def change(self, statement: str, /, **values: Value) -> int:
        """How many rows it changed."""

    def attempt(self) -> AbstractContextManager[None]:
        """A savepoint: what is raised inside undoes what was changed inside, and leaves the rest of the transaction alone."""


class Database(Protocol):
    """One SQLite file or one Postgres schema. Its methods may be called by any thread, by one at a time for each of the two."""

    @property
    def where(self) -> str:
        """Its path or address, without secrets: for messages."""

    def write(self) -> AbstractContextManager[Transaction]:
        """The only writer until it ends; then committed and on the disk, or rolled back where something is raised.

        Raises JournalUnavailable where nothing can be promised, and Contended where another try may succeed.
        """

    def read(self) -> AbstractContextManager[Transaction]:
        """A snapshot of what is committed; waits for no writer. Raises JournalUnavailable."""

    def close(self) -> None:
        """Let go of it; a database that was closed is unavailable."""


class Contended(Exception):  # noqa: N818 - it says what has become of the transaction
    """The database gave the transaction up in favour of another one; nothing of it was kept."""
