"""What runs write in a commit that they share with others is told once, in order, and not before it is durable."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from synthetic.audit.entry import Entry
from synthetic.audit.trail import AuditedJournal, AuditTrail
from synthetic.core.effects import Intent
from synthetic.core.errors import HarnessError, JournalUnavailable
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal.book import Book, open_book
from synthetic.journal.database import Transaction
from synthetic.journal.run_journal import RunJournal

Told = tuple[str, str, str]


class Scene:
    """A journal whose runs are audited, and what the audit hears: what, of which key, and what others read of it then."""

    def __init__(self, book: Book, reader: Book) -> None:
        self.book = book
        self.told: list[Told] = []
        self._reader = reader
        trail = AuditTrail(self._hear, "worker:w1")
        self.one, self.other = (AuditedJournal(RunJournal(book, None), trail) for _ in range(2))

    def _hear(self, entry: Entry) -> None:
        durable = {known.intent.key: known.state.value for known in self._reader.entries()}
        self.told.append((entry.kind.value, entry.key, durable.get(entry.key, "")))

    def at_once(self, *works: Callable[[], object]) -> list[object]:
        """Have each done by a thread of its own, all in one commit, led by the first; answers what each answered or raised."""
        ends: dict[int, object] = {}
        threads = [threading.Thread(target=self._end, args=(ends, number, work)) for number, work in enumerate(works)]
        begun, let_go = threading.Event(), threading.Event()

        def lasts(_transaction: Transaction) -> None:
            begun.set()
            assert let_go.wait(60)

        before = threading.Thread(target=self.book.shares.do, args=(lasts,))
        before.start()
        assert begun.wait(30)
        for number, thread in enumerate(threads, start=1):
            thread.start()
            self._wait_for(number)
        let_go.set()
        for thread in (before, *threads):
            thread.join(30)
        return [ends[number] for number in range(len(works))]

    def _end(self, ends: dict[int, object], number: int, work: Callable[[], object]) -> None:
        try:
            ends[number] = work()
        except HarnessError as error:
            ends[number] = type(error)

    def _wait_for(self, queued: int) -> None:
        deadline_s = time.monotonic() + 30
        while len(self.book.shares._queue) < queued:
            assert time.monotonic() < deadline_s, "it does not queue"
            time.sleep(0.001)

    def written(self) -> Callable[[], Sequence[Exception | None]]:
        """What two runs write together: two intents, one of which has come to its end, and what is refused at its second half."""

        def is_undone() -> None:
            self.one.intend(intent("undone"))
            self.one.resolve("nobody's", IntentState.DONE)

        calls: list[Callable[[], None]] = [
            partial(self.one.intend, intent("a")),
            is_undone,
            partial(self.other.intend, intent("b")),
            partial(self.one.resolve, "a", IntentState.SETTLED),
        ]
        return partial(self.one.together, calls)


def intent(key: str) -> Intent:
    return Intent("run", "deposit", "pay", "deposit", Money(100, "EUR"), key, "psp", "wallet", "canary")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Nothing is written yet."""
    path = tmp_path / "journal.db"
    with open_book(path) as book, open_book(path) as reader:
        yield Scene(book, reader)


# What `written` tells: `a` is settled in the commit that has its intent.
ALL = [("intent", "a", "settled"), ("intent", "b", "intent"), ("resolution", "a", "settled")]


def test_what_another_thread_commits_is_told_once_it_is_durable(scene: Scene) -> None:
    """The heartbeat leads, and makes the calls of the runs; what was undone is not told."""
    _, outcomes = scene.at_once(partial(scene.book.beat, "w1"), scene.written())
    assert isinstance(outcomes, list)
    assert [type(error) for error in outcomes] == [type(None), HarnessError, type(None), type(None)]
    assert scene.told == ALL


def test_what_is_made_again_as_another_ones_work_failed_is_told_once(scene: Scene) -> None:
    """The whole group is undone and done once more, in the thread of the heartbeat."""
    fails = partial(scene.book.resolve, "nobody's", IntentState.DONE)
    *_, failed = scene.at_once(partial(scene.book.beat, "w1"), scene.written(), fails)
    assert failed is HarnessError
    assert scene.told == ALL


def test_what_another_ones_full_disk_undoes_is_not_told(scene: Scene) -> None:
    """The journal has nothing of it, and its run was promised nothing; the next try is told, once."""

    def fills_the_disk(transaction: Transaction) -> None:
        pages = transaction.rows("PRAGMA page_count")[0][0]
        transaction.rows(f"PRAGMA max_page_count = {pages}")
        for number in range(100):
            transaction.change("INSERT INTO workers VALUES (:name, 0)", name=f"{number}" * 1_000)

    fills = partial(scene.book.shares.do, fills_the_disk)
    assert scene.at_once(partial(scene.book.beat, "w1"), scene.written(), fills) == [JournalUnavailable] * 3
    assert (scene.told, scene.book.entries()) == ([], [])
    scene.book.shares.do(lambda transaction: transaction.rows("PRAGMA max_page_count = 100000"))
    scene.written()()
    assert scene.told == ALL
