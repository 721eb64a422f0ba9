"""What nobody waits for is written with the next thing that somebody does, in order and before anything is sent."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from synthetic.core.effects import Intent, Resolve
from synthetic.core.errors import FencedOff, HarnessError, JournalUnavailable
from synthetic.core.outcome import IntentState
from synthetic.drivers.notebook import Desk, Notebook
from synthetic.journal.sqlite import SqliteJournal
from synthetic.tests.drivers.scenarios import deposit


def done(key: str, *, awaited: bool = False) -> Resolve:
    return Resolve(key, IntentState.DONE, awaited=awaited)


def states(journal: SqliteJournal) -> dict[str, IntentState]:
    return {entry.intent.key: entry.state for entry in journal.entries()}


def test_what_nobody_awaits_is_written_with_what_somebody_does(tmp_path: Path) -> None:
    """Before the next intent is durable, what became of the one before is, too; and in the end nothing waits."""

    async def play(journal: SqliteJournal) -> list[dict[str, IntentState]]:
        seen, notebook = [], Notebook(journal, Desk())
        await notebook.intend(deposit("a"))
        await notebook.resolve(done("a"))
        seen.append(states(journal))
        await notebook.intend(deposit("b"))
        seen.append(states(journal))
        await notebook.resolve(done("b"))
        await notebook.catch_up()
        return [*seen, states(journal)]

    with SqliteJournal(tmp_path / "journal.db") as journal:
        first, second, last = asyncio.run(play(journal))
    assert first == {"a": IntentState.INTENT}
    assert second == {"a": IntentState.DONE, "b": IntentState.INTENT}
    assert last == {"a": IntentState.DONE, "b": IntentState.DONE}


def test_a_mistake_of_what_nobody_awaits_keeps_nothing_else_from_being_written(tmp_path: Path) -> None:
    """A key that was never intended is its own affair; the intent behind it is durable."""

    async def play(journal: SqliteJournal) -> None:
        notebook = Notebook(journal, Desk())
        await notebook.resolve(done("never intended"))
        await notebook.intend(deposit("a"))
        await notebook.resolve(done("never intended"))
        with pytest.raises(HarnessError, match="no intent under the key 'neither'"):
            await notebook.resolve(done("neither", awaited=True))
        await notebook.resolve(done("never intended"))
        await notebook.catch_up()

    with SqliteJournal(tmp_path / "journal.db") as journal:
        asyncio.run(play(journal))
        assert states(journal) == {"a": IntentState.INTENT}


class Away:
    """A journal that somebody else has the run of, which can't commit several calls at once."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def intend(self, intent: Intent) -> None:
        """Refuse."""
        self.asked.append(f"intend {intent.key}")
        raise FencedOff("the run is another worker's")

    def resolve(self, key: str, state: IntentState) -> None:
        """Refuse."""
        self.asked.append(f"{state} {key}")
        raise JournalUnavailable("the disk is full")


def test_an_intent_that_is_refused_is_refused_whatever_is_written_with_it() -> None:
    """Each call is made once, in order, also by a journal that commits them one by one."""
    journal = Away()

    async def play() -> None:
        notebook = Notebook(journal, Desk())
        await notebook.resolve(done("a"))
        with pytest.raises(FencedOff):
            await notebook.intend(deposit("b"))
        await notebook.resolve(done("c"))
        await notebook.catch_up()

    asyncio.run(play())
    assert journal.asked == ["done a", "intend b", "done c"]


class BackAgain(Away):
    """A journal that commits several calls at once, and has no disk the first time."""

    @property
    def shares(self) -> object:
        """Nobody else's commits."""
        return self

    def together(self, calls: Sequence[Callable[[], None]]) -> list[Exception | None]:
        """Promise nothing the first time; write all the next."""
        self.asked.append(f"{len(calls)} together")
        if len(self.asked) == 1:
            raise JournalUnavailable("the disk is full")
        for call in calls:
            call()
        return [None for _ in calls]

    def intend(self, intent: Intent) -> None:
        """Keep it."""
        self.asked.append(f"intend {intent.key}")

    def resolve(self, key: str, state: IntentState) -> None:
        """Keep it."""
        self.asked.append(f"{state} {key}")


def test_what_waits_is_written_by_a_journal_that_comes_back() -> None:
    """In order, before what came later; what was awaited was refused, and is not made again by itself."""
    journal = BackAgain()

    async def play() -> None:
        notebook = Notebook(journal, Desk())
        await notebook.resolve(done("a"))
        await notebook.resolve(done("b"))
        with pytest.raises(JournalUnavailable):
            await notebook.intend(deposit("c"))
        await notebook.resolve(done("d"))
        await notebook.intend(deposit("e"))
        await notebook.catch_up()

    asyncio.run(play())
    assert journal.asked == ["3 together", "4 together", "done a", "done b", "done d", "intend e"]


class Broken(Away):
    """One that has a bug."""

    def resolve(self, key: str, state: IntentState) -> None:
        """Break."""
        raise ZeroDivisionError(f"{key} {state}")


def test_a_bug_of_ours_is_not_swallowed() -> None:
    """Only what a journal may say is left aside."""

    async def play() -> None:
        notebook = Notebook(Broken(), Desk())
        await notebook.resolve(done("a"))
        with pytest.raises(ZeroDivisionError):
            await notebook.catch_up()

    asyncio.run(play())


class Slow(BackAgain):
    """A journal whose first write lasts until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked.append("up")
        self.let_go = threading.Event()
        self.groups: list[list[str]] = []

    def together(self, calls: Sequence[Callable[[], None]]) -> list[Exception | None]:
        """Note which keys were written in one go."""
        before = len(self.asked)
        assert self.let_go.wait(30)
        outcomes = [_outcome(call) for call in calls]
        self.groups.append(self.asked[before:])
        return outcomes

    def intend(self, intent: Intent) -> None:
        """Keep it, unless it is `refused`."""
        super().intend(intent)
        if intent.key == "refused":
            raise FencedOff("the run is another worker's")


def _outcome(call: Callable[[], None]) -> Exception | None:
    try:
        call()
    except HarnessError as error:
        return error
    return None


@dataclass
class Plain:
    """A journal that is any user's dataclass: it has no hash, and two that hold the same are equal."""

    let_go: threading.Event
    kept: list[str] = field(default_factory=list)

    def intend(self, intent: Intent) -> None:
        """Keep it; `a` takes until it is let go."""
        assert intent.key != "a" or self.let_go.wait(30)
        self.kept.append(intent.key)

    def resolve(self, key: str, state: IntentState) -> None:
        """Keep it."""
        self.kept.append(f"{state} {key}")


def test_journals_that_are_equal_are_not_one() -> None:
    """One of them is busy: the other one writes meanwhile."""
    one, other = (Plain(let_go) for let_go in [threading.Event()] * 2)

    async def play() -> None:
        desk = Desk()
        slow = asyncio.create_task(Notebook(one, desk).intend(deposit("a")))
        await asyncio.sleep(0)  # its write goes
        await Notebook(other, desk).intend(deposit("b"))
        one.let_go.set()
        await slow

    asyncio.run(asyncio.wait_for(play(), 60))
    assert (one.kept, other.kept) == (["a"], ["b"])


def test_what_runs_write_while_another_write_goes_is_written_in_one() -> None:
    """Behind it, in order; each run hears of its own, and what nobody waits for any more is written all the same."""
    journal = Slow()

    async def play() -> list[BaseException | None]:
        desk = Desk()
        notebooks = [Notebook(journal, desk) for _ in range(5)]
        await notebooks[3].resolve(done("earlier"))
        keys = ("first", "second", "refused", "cancelled", "last")
        writing = [asyncio.ensure_future(one.intend(deposit(key))) for one, key in zip(notebooks, keys, strict=True)]
        await asyncio.sleep(0)
        writing[3].cancel()
        journal.let_go.set()
        return await asyncio.gather(*writing, return_exceptions=True)

    first, second, refused, cancelled, last = asyncio.run(play())
    assert first is second is last is None
    assert isinstance(refused, FencedOff)
    assert isinstance(cancelled, asyncio.CancelledError)
    behind = ["intend second", "intend refused", "done earlier", "intend cancelled", "intend last"]
    assert journal.groups == [["intend first"], behind]


def test_where_nothing_was_promised_every_run_of_the_group_hears_so(tmp_path: Path) -> None:
    """And the next write is tried again."""

    async def play(journal: SqliteJournal) -> list[BaseException | None]:
        desk = Desk()
        notebooks = [Notebook(journal, desk) for _ in range(3)]
        found = await asyncio.gather(*(one.intend(deposit("a")) for one in notebooks), return_exceptions=True)
        journal.close()
        found += await asyncio.gather(*(one.intend(deposit("b")) for one in notebooks), return_exceptions=True)
        return found

    with SqliteJournal(tmp_path / "journal.db") as journal:
        found = asyncio.run(play(journal))
    assert found[:3] == [None] * 3
    assert [type(error) for error in found[3:]] == [JournalUnavailable] * 3
