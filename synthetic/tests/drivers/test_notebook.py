"""What nobody waits for is written with the next thing that somebody does, in order and before anything is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from synthetic.core.effects import Intent, Resolve
from synthetic.core.errors import FencedOff, HarnessError, JournalUnavailable
from synthetic.core.outcome import IntentState
from synthetic.drivers.notebook import Notebook
from synthetic.journal.sqlite import SqliteJournal
from synthetic.tests.drivers.scenarios import deposit


def done(key: str, *, awaited: bool = False) -> Resolve:
    return Resolve(key, IntentState.DONE, awaited=awaited)


def states(journal: SqliteJournal) -> dict[str, IntentState]:
    return {entry.intent.key: entry.state for entry in journal.entries()}


def test_what_nobody_awaits_is_written_with_what_somebody_does(tmp_path: Path) -> None:
    """Before the next intent is durable, what became of the one before is, too; and in the end nothing waits."""

    async def play(journal: SqliteJournal) -> list[dict[str, IntentState]]:
        seen, notebook = [], Notebook(journal)
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
        notebook = Notebook(journal)
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
        notebook = Notebook(journal)
        await notebook.resolve(done("a"))
        with pytest.raises(FencedOff):
            await notebook.intend(deposit("b"))
        await notebook.resolve(done("c"))
        await notebook.catch_up()

    asyncio.run(play())
    assert journal.asked == ["done a", "intend b", "done c"]


class BackAgain(Away):
    """A journal that commits several calls at once, and has no disk the first time."""

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
        notebook = Notebook(journal)
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
        notebook = Notebook(Broken())
        await notebook.resolve(done("a"))
        with pytest.raises(ZeroDivisionError):
            await notebook.catch_up()

    asyncio.run(play())
