"""A journal that has grown for months: what is asked all the time never reads the whole of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.core.outcome import IntentState
from synthetic.journal.book import Book, open_book
from synthetic.tests.journal.conftest import WallClock, admitted, intent
from synthetic.tests.journal.laws import counters, summed

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
        lambda book: book.last_slots(["probe"]),
        lambda book: book.slots(since_ns=10**9),
        lambda book: book.slots("probe", 10**9),
        lambda book: book.run("run-1"),
        lambda book: book.unended_slots("w1"),
        lambda book: book.dead_workers(5),
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


def test_old_runs_and_slots_are_forgotten_with_all_that_was_counted(book: Book, clock: WallClock) -> None:
    """Not those that ended later, nor what is open, nor the last slot of a probe."""
    for number, state in enumerate((IntentState.SETTLED, IntentState.REFUSED, IntentState.STUCK)):
        lease = admitted(book, f"old-{number}", f"p{number}")
        book.intend(intent(f"old-{number}", run_id=f"old-{number}"), lease)
        book.resolve(f"old-{number}", state, lease)
        book.close_run(lease, "ok")
    admitted(book, "open", "p4")
    stranded = admitted(book, "stranded", "p5")
    book.strand(stranded, "nobody home", next_try_ns=clock())
    book.miss_slots("probe", {1: "down", 2: "down", 3: "down"})
    clock.pass_s(60)
    before_ns = clock()
    lease = admitted(book, "new", "p0")
    book.intend(intent("new", run_id="new"), lease)
    book.close_run(lease, "ok")
    assert book.forget(before_ns, at_most=1) == 2
    assert book.forget(before_ns) == 2
    assert book.forget(before_ns) == 0
    assert [entry.intent.key for entry in book.entries()] == ["old-2", "new"]
    assert book.runs_known([*(f"old-{number}" for number in range(3)), "open", "stranded", "new"]) == {
        "old-2",
        "open",
        "stranded",
        "new",
    }
    assert [slot.slot_ns for slot in book.slots("probe")] == [3]
    assert counters(book) == summed(book)


def test_an_account_outlives_its_runs(book: Book, clock: WallClock) -> None:
    """Its epoch goes on rising after they are forgotten, or an old holder would be taken for the new one."""
    book.close_run(admitted(book), "ok")
    clock.pass_s(1)
    assert book.forget(clock()) == 1
    assert admitted(book, "run-2").epoch == 2
