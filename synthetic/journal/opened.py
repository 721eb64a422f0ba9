"""A database that was opened, and whoever speaks through it: how an address becomes one, and how it is let go again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from synthetic.journal.database import Database
from synthetic.journal.group import GroupCommit
from synthetic.journal.postgres_database import PostgresDatabase
from synthetic.journal.sqlite_database import SqliteDatabase

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")
JOURNAL = "journal"


def open_database(
    address: str, prepare: Callable[[Database], None], *, book: str = JOURNAL, durable: bool = True
) -> Database:
    """Open a path, `sqlite:///path` or `postgresql://...`, and have its tables brought up to date.

    `book`: whose writers take turns in a Postgres; `durable`: a SQLite file is on the disk at each commit. Raises
    JournalUnavailable where it can't be reached or written, HarnessError where it is none of ours.
    """
    database: Database
    if address.startswith(POSTGRES):
        database = PostgresDatabase(address, book=book)
    else:
        database = SqliteDatabase(Path(address.removeprefix(SQLITE)), durable=durable)
    try:
        prepare(database)
    except BaseException:
        database.close()
        raise
    return database


class Opened:
    """Holds a database until it is closed. A context manager.

    `_do` is one transaction, whose commit many threads may share; `_read` a snapshot, and within `together` what is done there.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._group = GroupCommit(database)
        self._do = self._group.do
        self._read = self._group.read

    @property
    def shares(self) -> GroupCommit:
        """What its commits are shared by."""
        return self._group

    def together(self, calls: Sequence[Callable[[], None]]) -> list[Exception | None]:
        """Make calls of its own in one transaction; answers what each raised. All are durable when this returns."""
        return self._group.together(calls)

    @property
    def where(self) -> str:
        """The path or address, without secrets."""
        return self._database.where

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
