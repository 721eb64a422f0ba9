"""The watched book commits together what the real one does, and tells what is durable then, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from synthetic.core.effects import Intent
from synthetic.core.errors import HarnessError, JournalUnavailable
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal.schema import prepare
from synthetic.simulation.database import Disk, Reach, SimulatedDatabase
from synthetic.simulation.history import History
from synthetic.simulation.observed_book import ObservedBook


@pytest.fixture
def disk() -> Iterator[Disk]:
    disk = Disk()
    prepare(SimulatedDatabase(disk))
    yield disk
    disk.close()


@pytest.fixture
def history() -> History:
    return History(lambda: 1)


def intent(key: str, minor: int = 100) -> Intent:
    return Intent("r1", key, "deposit", "deposit", Money(minor, "EUR"), key, "psp", "wallet")


def book(disk: Disk, history: History, reach: Reach = Reach.UP) -> ObservedBook:
    return ObservedBook(SimulatedDatabase(disk, lambda: reach), lambda: 1, history)


def batch(of: ObservedBook) -> list[Callable[[], None]]:
    """What became of one effect, a mistake, and the next effect."""
    return [
        partial(of.resolve, "a", IntentState.DONE),
        partial(of.intend, intent("a", 200), None),
        partial(of.intend, intent("b"), None),
    ]


def told(history: History) -> list[tuple[str, str]]:
    return [(act.what, act.key) for act in history.acts]


def test_calls_together_are_one_commit_and_each_is_an_act(disk: Disk, history: History) -> None:
    """The one that is a mistake is undone by itself, and is no act."""
    watched = book(disk, history)
    watched.intend(intent("a"), None)
    commits = disk.commits
    mistakes = [type(error) for error in watched.together(batch(watched)) if error is not None]
    assert disk.commits == commits + 1
    assert mistakes == [HarnessError]
    assert told(history) == [("intend", "a"), ("resolve", "a"), ("intend", "b")]


@pytest.mark.parametrize("reach", [Reach.DOWN, Reach.CUT_BEHIND_COMMIT])
def test_what_is_durable_is_told_whatever_the_caller_hears(disk: Disk, history: History, reach: Reach) -> None:
    """A connection that breaks behind the commit leaves all of it on the disk, one that is not there nothing."""
    book(disk, history).intend(intent("a"), None)
    watched = book(disk, history, reach)
    with pytest.raises(JournalUnavailable):
        watched.together(batch(watched))
    durable = [(entry.intent.key, entry.state) for entry in book(disk, history).entries()]
    if reach is Reach.DOWN:
        assert durable == [("a", IntentState.INTENT)]
        assert told(history) == [("intend", "a")]
    else:
        assert durable == [("a", IntentState.DONE), ("b", IntentState.INTENT)]
        assert told(history) == [("intend", "a"), ("resolve", "a"), ("intend", "b")]
