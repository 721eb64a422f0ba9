"""A disk that is full, a file that is gone, a database that is cut off: nothing is promised, and it heals."""

from __future__ import annotations

import sqlite3
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest

from synthetic.core.errors import HarnessError, JournalUnavailable
from synthetic.core.outcome import IntentState
from synthetic.journal.book import Book, open_book
from synthetic.journal.database import Transaction
from synthetic.journal.postgres_database import PostgresDatabase
from synthetic.journal.schema import prepare
from synthetic.journal.sqlite_database import SqliteDatabase
from synthetic.tests.journal.conftest import admitted, intent, own_schema
from synthetic.tests.journal.laws import counters, summed
from synthetic.tests.journal.standing_proxy import standing_proxy


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 512 KiB; skipped where none may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no disk may be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(filler: Path) -> None:
    """Leave no byte free."""
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass


def test_a_full_disk_admits_nobody_and_lets_no_effect_out(small_disk: Path) -> None:
    """Nothing half-written, what was promised stays and can be read, and it heals when there is room again."""
    filler = small_disk / "filler"
    with open_book(small_disk / "book.db") as book:
        lease = admitted(book)
        book.intend(intent("before"), lease)
        fill(filler)
        written = fill_up(book, lambda number: book.intend(intent(f"key-{number}"), lease))
        refusals: tuple[Callable[[], object], ...] = (
            lambda: admitted(book, "run-2", "p2"),
            lambda: book.resolve("before", IntentState.DONE, lease),
            lambda: book.close_run(lease, "ok"),
        )
        for refused in refusals:
            with pytest.raises(JournalUnavailable, match=r"full|disk I/O error"):
                refused()
        assert {entry.intent.key for entry in book.entries()} == {"before", *written}
        assert counters(book) == summed(book)
        assert [row.run.run_id for row in book.open_runs()] == ["run-1"]
        filler.unlink()
        book.resolve("before", IntentState.SETTLED, lease)
        book.intend(intent("after"), lease)
        assert {entry.intent.key for entry in book.entries()} == {"before", *written, "after"}
        assert counters(book) == summed(book)


def fill_up(book: Book, write: Callable[[int], None]) -> list[str]:
    """Write into what is left of the pages that the log has already, until the first refusal. Returns what was promised."""
    for number in range(1000):
        try:
            write(number)
        except JournalUnavailable:
            return [f"key-{one}" for one in range(number)]
    raise AssertionError("a full disk takes everything")


def test_a_file_that_is_gone_is_told_and_not_made_again(tmp_path: Path) -> None:
    """An empty new journal would forget every open effect and give old epochs out again."""
    path = tmp_path / "journals" / "book.db"
    path.parent.mkdir()
    with open_book(path) as book:
        lease = admitted(book)
        path.parent.rename(tmp_path / "elsewhere")
        with pytest.raises(JournalUnavailable, match=str(path)):
            book.intend(intent("lost"), lease)
        with pytest.raises(JournalUnavailable, match=str(path)):
            book.entries()
        path.parent.mkdir()
        with pytest.raises(JournalUnavailable, match=str(path)):
            book.intend(intent("lost"), lease)
        assert list(path.parent.iterdir()) == []
        path.parent.rmdir()
        (tmp_path / "elsewhere").rename(path.parent)
        book.intend(intent("healed"), lease)
        assert [entry.intent.key for entry in book.entries()] == ["healed"]


def test_a_file_that_was_replaced_is_not_written_behind_everybodys_back(tmp_path: Path) -> None:
    """An open connection would go on with the old file, which nobody would ever read again."""
    path = tmp_path / "book.db"
    with open_book(path) as book:
        lease = admitted(book)
        path.rename(tmp_path / "old.db")
        with open_book(path) as other:
            with pytest.raises(JournalUnavailable, match="another file has taken its place"):
                book.intend(intent(), lease)
            assert other.entries() == []


def test_a_file_that_another_process_holds_for_too_long_is_unavailable(tmp_path: Path) -> None:
    """A frozen process may keep us from promising, not from ending; and when it goes, all is well."""
    with open_book(tmp_path / "book.db") as patient:
        admitted(patient)
    with (
        closing(sqlite3.connect(tmp_path / "book.db", isolation_level=None)) as holder,
        closing(SqliteDatabase(tmp_path / "book.db", busy_s=0.05)) as database,
        Book(database, time.time_ns) as book,
    ):
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnavailable, match="locked"):
            book.intend(intent(), None)
        assert len(book.open_runs()) == 1
        holder.execute("ROLLBACK")
        book.intend(intent(), None)


def test_a_closed_book_promises_nothing(address: str) -> None:
    """It is not opened again by itself."""
    book = open_book(address)
    book.close()
    with pytest.raises(JournalUnavailable, match="closed"):
        book.intend(intent(), None)
    with pytest.raises(JournalUnavailable, match="closed"):
        book.entries()


def test_a_book_that_is_closed_under_its_writers_keeps_its_word(address: str) -> None:
    """What was promised is there, and whoever came too late was told."""
    book, promised = open_book(address), list[str]()
    begun = threading.Barrier(5)

    def write(number: int) -> None:
        begun.wait(30)
        with suppress(JournalUnavailable):
            for index in range(1000):
                book.intend(intent(f"{number}-{index}"), None)
                promised.append(f"{number}-{index}")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    begun.wait(30)
    deadline_s = time.monotonic() + 30
    while len(promised) < 20 and time.monotonic() < deadline_s:
        time.sleep(0.001)
    book.close()
    for thread in threads:
        thread.join(30)
    with open_book(address) as again:
        assert {entry.intent.key for entry in again.entries()} == set(promised)


def test_what_can_not_be_written_is_refused_alone(address: str) -> None:
    """A NUL in a name is no reason to call the database lost: either it is kept as it is, or this one effect is refused."""
    strange = intent("nul\0key")
    with open_book(address) as book:
        try:
            book.intend(strange, None)
        except JournalUnavailable:
            raise
        except HarnessError:
            assert book.entries() == []
        else:
            assert [entry.intent for entry in book.entries()] == [strange]
        book.intend(intent("next"), None)


class Line:
    """The line to a database of its own: it can be cut and mended."""

    def __init__(self, admin: psycopg.Connection[tuple[object, ...]], server_url: str) -> None:
        self._admin = admin
        self.name = f"cut_{uuid.uuid4().hex}"
        self.address = server_url.replace("/postgres?", f"/{self.name}?")
        admin.execute(f"CREATE DATABASE {self.name}")

    def mend(self) -> None:
        """Let connections in."""
        self._admin.execute(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS true")

    def cut(self) -> None:
        """Let nobody in, end every connection, and see them gone."""
        self._admin.execute(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS false")
        ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
        deadline_s = time.monotonic() + 30
        while self._admin.execute(ended, (self.name,)).fetchone() != (0,):
            assert time.monotonic() < deadline_s, "a connection does not end"
            time.sleep(0.01)


@pytest.fixture
def line(postgres_server_url: str) -> Iterator[Line]:
    """To a new database on that server."""
    with psycopg.connect(postgres_server_url, autocommit=True) as admin:
        line = Line(admin, postgres_server_url)
        yield line
        admin.execute(f"DROP DATABASE {line.name} WITH (FORCE)")


def test_a_database_that_is_cut_off_promises_nothing_and_heals(line: Line) -> None:
    """Neither admissions nor effects nor reads while it is away, and everything that was promised is there afterwards."""
    with open_book(line.address) as book:
        lease = admitted(book)
        book.intend(intent("before"), lease)
        line.cut()
        refusals: tuple[Callable[[], object], ...] = (
            lambda: book.intend(intent("refused"), lease),
            lambda: admitted(book, "run-2", "p2"),
            book.entries,
            lambda: book.claim_slot("probe", 60, "w1"),
        )
        for refused in refusals:
            with pytest.raises(JournalUnavailable, match="the journal can't be used"):
                refused()
        line.mend()
        book.intend(intent("after"), lease)
        assert [entry.intent.key for entry in book.entries()] == ["before", "after"]
        assert counters(book) == summed(book)


def test_a_connection_that_was_lost_while_idle_is_not_even_noticed(line: Line) -> None:
    """Nothing was under way, so nothing is lost."""
    with open_book(line.address) as book:
        lease = admitted(book)
        assert book.entries() == []
        line.cut()
        line.mend()
        book.intend(intent(), lease)
        assert len(book.entries()) == 1


def test_a_connection_that_is_lost_in_the_middle_leaves_nothing_behind(line: Line) -> None:
    """All or nothing: the effect that was half-way is refused, together with its reservation."""
    with open_book(line.address) as book:

        def is_cut_off(transaction: Transaction) -> None:
            transaction.change("INSERT INTO counters VALUES ('day', '1', 'EUR', 100)")
            line.cut()
            transaction.change("INSERT INTO counters VALUES ('day', '2', 'EUR', 100)")

        with pytest.raises(JournalUnavailable):
            book._do(is_cut_off)
        line.mend()
        assert counters(book) == {}


def test_a_line_that_stands_still_does_not_hold_us_for_ever(postgres_server_url: str) -> None:
    """Neither the server's time-outs nor TCP's end that wait. What was under way is not promised, and it heals."""
    folder = Path(postgres_server_url.rpartition("host=")[2])
    with standing_proxy(folder / ".s.PGSQL.5432") as proxy:
        address = own_schema(f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres?connect_timeout=3")
        database = PostgresDatabase(address, answer_s=1.5)
        prepare(database)
        with Book(database, time.time_ns) as book:
            book.intend(intent("before"), None)
            proxy.stand_still()
            with pytest.raises(JournalUnavailable, match=r"no answer within 1\.5 s|timeout expired"):
                book.intend(intent("refused"), None)
            proxy.move()
            book.intend(intent("after"), None)
            assert [entry.intent.key for entry in book.entries()] == ["before", "after"]


def test_every_commit_of_postgres_is_synced(postgres_server_url: str) -> None:
    """Also where the server, or the address, has it switched off."""
    address = own_schema(postgres_server_url) + "%20-csynchronous_commit%3Doff"
    with open_book(address) as book:
        assert book._do(lambda transaction: transaction.rows("SHOW synchronous_commit")) == [("on",)]


@pytest.mark.slow
def test_a_worker_that_freezes_in_a_transaction_does_not_hold_the_others_for_ever(postgres_server_url: str) -> None:
    """They say that they wait, Postgres ends the frozen one's transaction, and when it wakes up nothing of it is promised."""
    address, wakes, refused = own_schema(postgres_server_url), threading.Event(), list[JournalUnavailable]()
    with open_book(address) as frozen, open_book(address) as other:

        def freeze(transaction: Transaction) -> None:
            transaction.change("INSERT INTO counters VALUES ('day', '1', 'EUR', 100)")
            wakes.wait(30)

        def be_frozen() -> None:
            try:
                frozen._do(freeze)
            except JournalUnavailable as error:
                refused.append(error)

        thread = threading.Thread(target=be_frozen)
        thread.start()
        with pytest.raises(JournalUnavailable, match="lock timeout"):
            until_locked_out(other)
        deadline_s = time.monotonic() + 20
        while not other.entries() and time.monotonic() < deadline_s:
            with suppress(JournalUnavailable):
                other.intend(intent(), None)
        wakes.set()
        thread.join(30)
        assert (len(other.entries()), len(refused), counters(other).get(("day", "1", "EUR"))) == (1, 1, None)


def until_locked_out(book: Book) -> None:
    """Write until somebody else holds the database."""
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s:
        book.beat("w1")


def test_postgres_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    """A book can't be opened then; the message says where it was looked for."""
    with pytest.raises(JournalUnavailable, match=r"postgresql://.*:5432/journal") as caught:
        open_book(f"postgresql://user:hunter2@/journal?host={tmp_path}")
    assert "hunter2" not in str(caught.value)


def test_openers_that_race_make_one_journal(postgres_server_url: str, tmp_path: Path) -> None:
    """Eight at once on an empty database: all of them get in."""
    for address in (own_schema(postgres_server_url), str(tmp_path / "book.db")):
        barrier, failed = threading.Barrier(8), list[Exception]()

        def enter(where: str = address, barrier: threading.Barrier = barrier, failed: list[Exception] = failed) -> None:
            barrier.wait(30)
            try:
                open_book(where).close()
            except HarnessError as error:
                failed.append(error)

        threads = [threading.Thread(target=enter) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert failed == []


def test_a_newer_journal_in_postgres_is_left_alone(postgres_server_url: str) -> None:
    """An older program says so and touches nothing."""
    address = own_schema(postgres_server_url)
    with open_book(address) as book:
        book._do(lambda transaction: transaction.change("UPDATE journal_version SET version = 99"))
    with pytest.raises(HarnessError, match=r"written by a newer version \(schema 99, known is 3\)"):
        open_book(address)
