"""A journal that has grown for months: what is asked all the time never reads the whole of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.journal.book import Book, open_book
from synthetic.tests.journal.conftest import admitted, intent

TABLES_THAT_GROW = ("intents", "runs", "slots", "i", "r")


@pytest.mark.parametrize(
    "asked",
    [
        lambda book: book.left_by_state(),
        lambda book: book.open_intents(),
        lambda book: book.effects_of("run-1"),
        lambda book: book.open_runs(),
        lambda book: book.stranded_runs(),
        lambda book: book.recoverable("w1"),
        lambda book: book.runs_known(["run-1"]),
        lambda book: book.last_slot("probe"),
        lambda book: book.slots(since_ns=10**9),
        lambda book: book.slots("probe", 10**9),
        lambda book: book.run("run-1"),
    ],
)
def test_what_is_polled_finds_its_rows_by_an_index(tmp_path: Path, asked: object) -> None:
    """SQLite's own plan of every statement behind it searches, and scans nothing that grows."""
    assert callable(asked)
    with open_book(tmp_path / "book.db") as book:
        book.intend(intent(), admitted(book))
        statements = traced(book, asked)
        with book._database.read() as transaction:
            plans = [row[3] for one in statements for row in transaction.rows(f"EXPLAIN QUERY PLAN {one}")]
    assert plans
    assert [plan for plan in plans if plan in {f"SCAN {table}" for table in TABLES_THAT_GROW}] == []


def traced(book: Book, asked: object) -> list[str]:
    """The queries that reach SQLite meanwhile, with their values."""
    assert callable(asked)
    statements: list[str] = []
    book.killed()  # so that the connection is there
    connection = book._database._reader  # type: ignore[attr-defined]
    connection.set_trace_callback(statements.append)
    asked(book)
    connection.set_trace_callback(None)
    return [one for one in statements if one.strip().startswith("SELECT")]
