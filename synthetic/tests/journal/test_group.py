"""Group commit: many threads share a commit, nobody harms the others, and nobody is left asleep."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from synthetic.core.errors import HarnessError, JournalUnavailable
from synthetic.journal.database import Contended, Transaction
from synthetic.journal.group import GroupCommit
from synthetic.journal.sqlite_database import SqliteDatabase

ADD = "INSERT INTO words (word) VALUES (:word)"


class CountedDatabase(SqliteDatabase):
    """A real file that counts its commits, and gives up its first transactions at their end when told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.commits = 0
        self.give_up = 0

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        with super().write() as transaction:
            yield transaction
            if self.give_up:
                self.give_up -= 1
                raise Contended("another transaction was preferred")
        self.commits += 1


@pytest.fixture
def database(tmp_path: Path) -> Iterator[CountedDatabase]:
    """A file with one table; `bad` is no word."""
    opened = CountedDatabase(tmp_path / "words.db")
    with opened.write() as transaction:
        transaction.change("CREATE TABLE words (word TEXT PRIMARY KEY CHECK (word <> 'bad')) STRICT")
    opened.commits = 0
    yield opened
    opened.close()


def add(word: str) -> Callable[[Transaction], int]:
    """A piece of work."""
    return lambda transaction: transaction.change(ADD, word=word)


def words(database: SqliteDatabase) -> set[str]:
    with database.read() as transaction:
        return {word for (word,) in transaction.rows("SELECT word FROM words")}


class Crowd:
    """Threads that each do one piece of work, queued behind a commit that can't begin before `release`."""

    def __init__(self, database: CountedDatabase, tmp_path: Path) -> None:
        self.group = GroupCommit(database)
        self.ends: dict[int, object] = {}
        self.threads: list[threading.Thread] = []
        self.holder = sqlite3.connect(tmp_path / "words.db", isolation_level=None, check_same_thread=False)
        self.holder.execute("BEGIN IMMEDIATE")

    def queue(self, pieces: list[Callable[[Transaction], int]]) -> None:
        """Start a thread for each; the first one leads, and returns when all others are queued."""
        for number, piece in enumerate(pieces):
            thread = threading.Thread(target=self._do, args=(number, piece))
            thread.start()
            self.threads.append(thread)
            wait_until(lambda number=number: self._waiting() == number and self.group._leader is not None)  # type: ignore[misc]

    def _waiting(self) -> int:
        return len(self.group._queue)

    def _do(self, number: int, piece: Callable[[Transaction], int]) -> None:
        try:
            self.ends[number] = self.group.do(piece)
        except HarnessError as error:
            self.ends[number] = error

    def release(self) -> None:
        """Let the commits happen, and wait for every thread."""
        self.holder.execute("ROLLBACK")
        self.holder.close()
        for thread in self.threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self.threads), "somebody sleeps for ever"


def wait_until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline_s, "it did not come"
        time.sleep(0.001)


@pytest.fixture
def crowd(database: CountedDatabase, tmp_path: Path) -> Crowd:
    """Nobody in it yet."""
    return Crowd(database, tmp_path)


def test_all_that_queued_while_a_commit_ran_share_the_next_one(database: CountedDatabase, crowd: Crowd) -> None:
    """Fifty rows, two commits: that of the first, and that of the 49 others."""
    crowd.queue([add(f"word-{number}") for number in range(50)])
    crowd.release()
    assert (len(words(database)), database.commits) == (50, 2)
    assert set(crowd.ends.values()) == {1}


def test_an_error_harms_nobody_else_in_its_group(database: CountedDatabase, crowd: Crowd) -> None:
    """What it had changed before is undone; it gets its own error, and the others their results."""

    def changes_and_fails(transaction: Transaction) -> int:
        transaction.change(ADD, word="half")
        return transaction.change(ADD, word="bad")

    crowd.queue([add("a"), add("b"), changes_and_fails, add("b"), add("c")])
    crowd.release()
    assert words(database) == {"a", "b", "c"}
    assert [crowd.ends[number] for number in (0, 1, 4)] == [1, 1, 1]
    assert [type(crowd.ends[number]) for number in (2, 3)] == [HarnessError, HarnessError]
    assert "CHECK constraint failed" in str(crowd.ends[2])
    assert "UNIQUE constraint failed" in str(crowd.ends[3])


def test_where_the_commit_fails_nobody_was_promised_anything(database: CountedDatabase, crowd: Crowd) -> None:
    """A disk that becomes full in the middle of a group: every one of it hears so, and none of it is kept."""

    def fills_the_disk(transaction: Transaction) -> int:
        transaction.rows("PRAGMA max_page_count = 3")
        return sum(transaction.change(ADD, word=f"{number}" * 1000) for number in range(100))

    crowd.queue([add("first"), add("a"), fills_the_disk, add("b")])
    crowd.release()
    assert words(database) == {"first"}
    assert [type(crowd.ends[number]) for number in (1, 2, 3)] == [JournalUnavailable] * 3
    assert crowd.group.do(add("healed")) == 1


@pytest.mark.parametrize(("given_up", "kept"), [(3, True), (4, False)])
def test_a_group_that_the_database_gave_up_is_done_again(
    database: CountedDatabase, *, given_up: int, kept: bool
) -> None:
    """Within limits, and never twice in effect."""
    group = GroupCommit(database)
    database.give_up = given_up
    if kept:
        assert group.do(add("a")) == 1
    else:
        with pytest.raises(JournalUnavailable, match="another transaction was preferred"):
            group.do(add("a"))
    assert words(database) == ({"a"} if kept else set())


def test_a_leader_that_is_interrupted_keeps_nobody_waiting(database: CountedDatabase, crowd: Crowd) -> None:
    """Ctrl-C in the thread that commits for others: they hear that nothing was promised, and the next one leads."""

    def is_interrupted(_transaction: Transaction) -> int:
        raise KeyboardInterrupt

    def lead() -> None:
        with pytest.raises(KeyboardInterrupt):
            crowd.group.do(is_interrupted)

    crowd.queue([add("first")])
    thread = threading.Thread(target=lead)
    thread.start()
    crowd.threads.append(thread)
    wait_until(lambda: len(crowd.group._queue) == 1)
    more = threading.Thread(target=crowd._do, args=(1, add("a")))
    more.start()
    crowd.threads.append(more)
    wait_until(lambda: len(crowd.group._queue) == 2)
    crowd.release()
    assert isinstance(crowd.ends[1], JournalUnavailable)
    assert crowd.group.do(add("next")) == 1
    assert words(database) == {"first", "next"}


def test_one_who_is_interrupted_while_it_waits_takes_its_work_back(database: CountedDatabase, crowd: Crowd) -> None:
    """It is not written behind its caller's back, and who queued after it is served."""

    def interrupt(_number: int, _frame: object) -> None:
        raise TimeoutError

    def send_when_it_waits() -> None:
        wait_until(lambda: len(crowd.group._queue) == 2)
        os.kill(os.getpid(), signal.SIGUSR1)

    crowd.queue([add("a"), add("b")])
    before = signal.signal(signal.SIGUSR1, interrupt)
    sender = threading.Thread(target=send_when_it_waits)
    sender.start()
    try:
        with pytest.raises(TimeoutError):
            crowd.group.do(add("taken back"))
    finally:
        sender.join(10)
        signal.signal(signal.SIGUSR1, before)
    crowd.release()
    assert words(database) == {"a", "b"}


def test_no_wake_up_is_lost_in_a_storm(database: CountedDatabase) -> None:
    """32 threads, 25 rows each, as fast as they can: all are written, in far fewer commits than rows."""
    group = GroupCommit(database)

    def work(number: int) -> None:
        for index in range(25):
            assert group.do(add(f"{number}-{index}")) == 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(words(database)) == 800
    assert database.commits < 400


def test_calls_that_are_made_together_share_one_commit(database: CountedDatabase) -> None:
    """What one of them raises undoes only that one, and is told."""
    group = GroupCommit(database)
    calls = [lambda word=word: group.do(add(word)) for word in ("one", "bad", "two")]
    first, second, third = group.together(calls)  # type: ignore[arg-type]
    assert (first, third) == (None, None)
    assert isinstance(second, HarnessError)
    assert words(database) == {"one", "two"}
    assert database.commits == 1


def test_together_nothing_is_promised_before_the_commit(database: CountedDatabase) -> None:
    """A transaction that is given up is made again, with all of its calls; one that can't be raises, and nothing is kept."""
    group = GroupCommit(database)
    database.give_up = 1
    assert group.together([lambda: group.do(add("one")), lambda: group.do(add("two"))]) == [None, None]  # type: ignore[list-item]
    assert words(database) == {"one", "two"}
    database.give_up = 100
    with pytest.raises(JournalUnavailable):
        group.together([lambda: group.do(add("three"))])  # type: ignore[list-item]
    database.give_up = 0
    assert words(database) == {"one", "two"}
    group.do(add("four"))
    assert "four" in words(database)


def test_calls_together_see_what_those_before_them_changed(database: CountedDatabase) -> None:
    """What is read within the one transaction is what is going to be committed."""
    group, seen = GroupCommit(database), list[int]()

    def look() -> None:
        with group.read() as transaction:
            seen.append(transaction.rows("SELECT count(*) FROM words")[0][0])

    assert group.together([look, lambda: group.do(add("one")), look]) == [None] * 3  # type: ignore[list-item]
    look()
    assert seen == [0, 1, 1]
