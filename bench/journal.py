"""`journal`: what a durable intent costs, alone and in a crowd, against the same row with a commit of its own."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bench.benchmark import Benchmark
from bench.charts import Chart, Panel
from bench.results import Grid, Result
from bench.tables import ratio
from synthetic.core.effects import Intent
from synthetic.core.errors import HarnessError
from synthetic.core.money import Money
from synthetic.journal.book import Book, open_book
from synthetic.journal.model import Caps, Lease, NewRun
from synthetic.runner.quiet import quiet_collector

ROUNDS, ROUNDS_MAX = 500, 5_000
TITLE = "journal: one durable intent, as a run waits for it"
CROWDS = (1, 10, 50)
COLUMNS = ("at once", "rows/s", "p50 us", "p99 us", "commit a row: p50 us", "p99 us", "rows/s x")
CAPS = (Caps(run=Money(10**9, "EUR"), day=Money(10**12, "EUR"), outstanding=Money(10**12, "EUR")),)
CREATE = "CREATE TABLE rows (key TEXT PRIMARY KEY, run_id TEXT, step TEXT, minor INTEGER, currency TEXT, state TEXT, at_ns INTEGER)"
Write = Callable[[int], None]


def run(rounds: int) -> Result:
    """Write `rounds` rows at each width, into a fresh file for each, on the disk that holds temporary files."""
    with quiet_collector():
        rows = [_row(crowd, _through_book(crowd, rounds), _alone(crowd, rounds)) for crowd in CROWDS]
    remark = f"SQLite, WAL, synchronous=FULL; {rounds} rows each; the book also checks the lease, the caps and the key"
    lines = {
        name: [(float(row[0]), float(row[column])) for row in rows]
        for name, column in (("book, p50", 2), ("book, p99", 3), ("a commit a row, p50", 4), ("a commit a row, p99", 5))
    }
    chart = Chart(TITLE, "runs at once", "microseconds", (Panel("", lines),), log_x=True, log_y=True)
    return Result("journal", BENCHMARK.title, (Grid(TITLE, COLUMNS, rows, remark),), chart=chart)


def _through_book(crowd: int, rounds: int) -> list[int]:
    with tempfile.TemporaryDirectory() as folder, open_book(Path(folder, "book.db")) as book:
        leases = [_admitted(book, number) for number in range(crowd)]
        return _crowded(crowd, rounds, lambda number: book.intend(_intent(number, crowd), leases[number % crowd], CAPS))


def _alone(crowd: int, rounds: int) -> list[int]:
    """The peer: one connection, one lock, one transaction a row, and nothing is checked."""
    lock = threading.Lock()
    with tempfile.TemporaryDirectory() as folder, closing(_bare(Path(folder, "rows.db"))) as database:

        def write(number: int) -> None:
            with lock:
                database.execute("BEGIN IMMEDIATE")
                row = (f"key-{number}", "run", "deposit", 100, "EUR", "intent", number)
                database.execute("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", row)
                database.execute("COMMIT")

        return _crowded(crowd, rounds, write)


def _bare(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", CREATE):
        database.execute(statement)
    return database


def _crowded(crowd: int, rounds: int, write: Write) -> list[int]:
    """Nanoseconds of each write, and of all of them together as the last value."""
    taken_ns: list[int] = []
    barrier = threading.Barrier(crowd + 1)

    def work(first: int) -> None:
        barrier.wait()
        for number in range(first, rounds, crowd):
            started_ns = time.perf_counter_ns()
            write(number)
            taken_ns.append(time.perf_counter_ns() - started_ns)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(crowd)]
    for thread in threads:
        thread.start()
    barrier.wait()
    started_ns = time.perf_counter_ns()
    for thread in threads:
        thread.join()
    return [*sorted(taken_ns), time.perf_counter_ns() - started_ns]


def _admitted(book: Book, number: int) -> Lease:
    run = NewRun(f"run-{number}", "bench", "bench", "", "bench", {}, seed=0, number=number, slot_ns=0)
    lease = book.admit(run, candidates=[("p", f"bench/p{number}")], worker="bench", ttl_s=600)
    if lease is None:
        raise HarnessError("a fresh journal has no free account")
    return lease


def _intent(number: int, crowd: int) -> Intent:
    names = (f"run-{number % crowd}", "deposit", "cashier.deposit", "deposit")
    return Intent(*names, Money(100, "EUR"), f"key-{number}", "psp", "wallet", "canary", "p1", '{"psp": "psp-a"}')


def _row(crowd: int, book: list[int], alone: list[int]) -> tuple[str, ...]:
    per_s = [1e9 * (len(taken) - 1) / taken[-1] for taken in (book, alone)]
    return (
        str(crowd),
        f"{per_s[0]:.0f}",
        *(f"{_at(taken, share) / 1e3:.0f}" for taken in (book, alone) for share in (0.5, 0.99)),
        ratio(*per_s),
    )


def _at(taken: list[int], share: float) -> int:
    each = taken[:-1]
    return each[min(int(len(each) * share), len(each) - 1)]


BENCHMARK = Benchmark("journal", "a durable intent against a commit per row", "rows", ROUNDS, ROUNDS_MAX, run)
