"""The journal's database in memory, one for all workers of a seed: what is committed is durable, and connections may be cut.

A commit is the moment at which it counts. A process may end right before it or right behind it, and a connection may break right
behind it, too: then it counts, and whoever asked for it is told that nothing is certain.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

from synthetic.core.errors import JournalUnavailable
from synthetic.journal.database import Row, Transaction, Value
from synthetic.simulation.lives import LIFE

WHERE = "simulated database"


class Reach(Enum):
    """How a worker's connection is: up, down, or cut while the next commit is under way."""

    UP = auto()
    DOWN = auto()
    CUT_BEHIND_COMMIT = auto()


@dataclass(slots=True)
class Disk:
    """What all processes share. `commits` counts what has become durable."""

    connection: sqlite3.Connection = field(
        default_factory=lambda: sqlite3.connect(":memory:", isolation_level=None, cached_statements=512)
    )
    commits: int = 0

    def close(self) -> None:
        """Forget everything."""
        self.connection.close()


@dataclass(slots=True)
class SimulatedDatabase:
    """`journal.database.Database` over a shared `Disk`, through a connection that is as `reach` says."""

    disk: Disk
    reach: Callable[[], Reach] = lambda: Reach.UP

    @property
    def where(self) -> str:
        """What messages call it."""
        return WHERE

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One transaction; a gate before it and a gate behind it. Raises JournalUnavailable."""
        _gate("before a commit")
        reach = self._reached()
        yield from self._transaction()
        self.disk.commits += 1
        _gate("behind a commit")
        if reach is Reach.CUT_BEHIND_COMMIT:
            raise JournalUnavailable(f"{WHERE}: the connection broke during a commit")

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """What is committed. Raises JournalUnavailable."""
        life = LIFE.get()
        if life is not None:
            life.check()
        self._reached()
        yield SimulatedTransaction(self.disk.connection)

    def close(self) -> None:
        """The disk stays."""

    def _reached(self) -> Reach:
        reach = self.reach()
        if reach is Reach.DOWN:
            raise JournalUnavailable(f"{WHERE}: no connection")
        return reach

    def _transaction(self) -> Iterator[Transaction]:
        connection = self.disk.connection
        connection.execute("BEGIN")
        try:
            yield SimulatedTransaction(connection)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


@dataclass(slots=True)
class SimulatedTransaction:
    """`journal.database.Transaction`."""

    connection: sqlite3.Connection

    def rows(self, statement: str, /, **values: Value) -> list[Row]:
        """What a query answers."""
        return self.connection.execute(statement, values).fetchall()

    def change(self, statement: str, /, **values: Value) -> int:
        """How many rows changed."""
        return self.connection.execute(statement, values).rowcount

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A savepoint."""
        self.connection.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK TO attempt")
            self.connection.execute("RELEASE attempt")
            raise
        self.connection.execute("RELEASE attempt")


def _gate(act: str) -> None:
    life = LIFE.get()
    if life is not None:
        life.pass_gate(act)
