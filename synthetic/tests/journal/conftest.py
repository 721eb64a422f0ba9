"""Both journals."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.core.effects import Intent
from synthetic.core.money import Money
from synthetic.journal.book import Book, open_book
from synthetic.journal.memory import MemoryJournal
from synthetic.journal.model import Lease, NewRun
from synthetic.journal.sqlite import SqliteJournal

S = 10**9
DAY_NS = 86_400 * S
AnyJournal = MemoryJournal | SqliteJournal


def intent(key: str = "key-1", minor: int = 100, step: str = "deposit", run_id: str = "run-1") -> Intent:
    """The intent of a deposit."""
    return Intent(run_id, step, "cashier.deposit", "deposit", Money(minor, "EUR"), key, "psp", "wallet", "canary", "p1")


@pytest.fixture(params=["memory", "sqlite"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyJournal]:
    """Each journal in turn."""
    if request.param == "memory":
        yield MemoryJournal()
        return
    with SqliteJournal(tmp_path / "journal.db") as sqlite:
        yield sqlite


class WallClock:
    """A wall clock that a test sets: it starts at noon of a day, and jumps where it is told to."""

    def __init__(self) -> None:
        self.now_ns = 20_000 * DAY_NS + DAY_NS // 2

    def __call__(self) -> int:
        return self.now_ns

    def pass_s(self, seconds: float) -> None:
        """Let time pass; backwards, where it is negative."""
        self.now_ns += round(seconds * S)


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a book of this test's own may be: a file, then a schema of a real Postgres."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'book.db'}"
    return own_schema(request.getfixturevalue("postgres_server_url"))


def own_schema(server_url: str) -> str:
    """The address of a schema of that server that nobody has used."""
    return f"{server_url}&options=-csearch_path%3Dbook_{uuid.uuid4().hex}"


@pytest.fixture
def clock() -> WallClock:
    """The clock of `book`."""
    return WallClock()


@pytest.fixture
def book(address: str, clock: WallClock) -> Iterator[Book]:
    """An empty book, in each database in turn."""
    with open_book(address, wall_ns=clock) as opened:
        yield opened


def new_run(run_id: str = "run-1") -> NewRun:
    """A run that wants to begin."""
    return NewRun(run_id, "probe", "deposit-bet", "digest", "canary", {"psp": "acme"}, seed=7, number=1, slot_ns=60)


def admitted(book: Book, run_id: str = "run-1", player: str = "p1", worker: str = "w1", ttl_s: float = 10) -> Lease:
    """The lease of a run that was let in."""
    lease = book.admit(new_run(run_id), candidates=[(player, f"wallet/{player}")], worker=worker, ttl_s=ttl_s)
    assert lease is not None
    return lease
