"""What every journal promises, and a law that both keep: they never differ."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from synthetic.core.effects import Intent
from synthetic.core.errors import HarnessError
from synthetic.core.outcome import IntentState
from synthetic.journal.entry import OPEN_STATES
from synthetic.journal.memory import MemoryJournal
from synthetic.journal.sqlite import SqliteJournal
from synthetic.tests.journal.conftest import AnyJournal, intent


def test_an_intent_is_kept_whole(journal: AnyJournal) -> None:
    """Every field comes back, open, with the time it was written."""
    journal.intend(intent())
    (entry,) = journal.entries()
    assert (entry.intent, entry.state) == (intent(), IntentState.INTENT)
    assert entry.created_ns == entry.updated_ns > 1_600_000_000 * 10**9


def test_the_same_intent_again_is_no_mistake(journal: AnyJournal) -> None:
    """Another attempt keeps its key, and there is still one row."""
    journal.intend(intent())
    journal.intend(intent())
    assert len(journal.entries()) == 1


@pytest.mark.parametrize("other", [intent(minor=200), intent(step="withdraw")])
def test_a_key_stands_for_one_effect_for_ever(journal: AnyJournal, other: Intent) -> None:
    """Another effect under it is an error that names what differs, and changes nothing."""
    journal.intend(intent())
    with pytest.raises(
        HarnessError, match=r"'key-1' stands for another effect: (amount 1.00 EUR is now 2.00 EUR|step deposit)"
    ):
        journal.intend(other)
    assert [entry.intent for entry in journal.entries()] == [intent()]


@pytest.mark.parametrize("state", IntentState)
def test_open_intents_are_those_that_nobody_settled(journal: AnyJournal, state: IntentState) -> None:
    """INTENT, DONE, UNKNOWN and STUCK need someone; the rest does not."""
    journal.intend(intent("a"))
    journal.intend(intent("b"))
    journal.resolve("a", IntentState.SETTLED)
    journal.resolve("b", state)
    assert [entry.intent.key for entry in journal.open_intents()] == (["b"] if state in OPEN_STATES else [])
    assert {IntentState.INTENT, IntentState.DONE, IntentState.UNKNOWN, IntentState.STUCK} == OPEN_STATES


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (IntentState.REFUSED, IntentState.INTENT),
        (IntentState.COMPENSATED, IntentState.INTENT),
        (IntentState.SETTLED, IntentState.INTENT),
        (IntentState.DONE, IntentState.DONE),
        (IntentState.UNKNOWN, IntentState.UNKNOWN),
        (IntentState.STUCK, IntentState.STUCK),
    ],
)
def test_another_attempt_opens_what_had_no_effect(journal: AnyJournal, state: IntentState, after: IntentState) -> None:
    """What was refused, undone or settled may happen at the next attempt, so until that is settled it counts as open."""
    journal.intend(intent())
    journal.resolve("key-1", state)
    journal.intend(intent())
    assert journal.entries()[0].state is after


def test_what_was_never_intended_can_not_be_resolved(journal: AnyJournal) -> None:
    """A wrong key is told."""
    with pytest.raises(HarnessError, match="no intent under the key 'other'"):
        journal.resolve("other", IntentState.DONE)


KEYS = st.sampled_from(["a", "b", "c"])


class Journals(RuleBasedStateMachine):
    """The durable journal does what the one in memory does, also over restarts."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.path = Path(self.directory.name) / "journal.db"
        self.now_ns = 0
        self.durable = SqliteJournal(self.path, lambda: self.now_ns)
        self.model = MemoryJournal(lambda: self.now_ns)

    def agree(self, act: Callable[[AnyJournal], None]) -> None:
        """Both do it, or both refuse."""
        self.now_ns += 1
        refusals = []
        for journal in (self.durable, self.model):
            try:
                act(journal)
            except HarnessError:
                refusals.append(journal)
        assert refusals in ([], [self.durable, self.model])

    @rule(key=KEYS, minor=st.sampled_from([100, 200]))
    def intend(self, key: str, minor: int) -> None:
        """Of three keys, with one of two amounts."""
        self.agree(lambda journal: journal.intend(intent(key, minor)))

    @rule(key=KEYS, state=st.sampled_from(IntentState))
    def resolve(self, key: str, state: IntentState) -> None:
        """To any state, known or not."""
        self.agree(lambda journal: journal.resolve(key, state))

    @rule()
    def restart(self) -> None:
        """The file outlives its journal."""
        self.durable.close()
        self.durable = SqliteJournal(self.path, lambda: self.now_ns)

    @invariant()
    def hold_the_same(self) -> None:
        """Every row, in the same order, with the same times."""
        assert self.durable.entries() == self.model.entries()
        assert self.durable.open_intents() == self.model.open_intents()

    def teardown(self) -> None:
        """Remove the file."""
        self.durable.close()
        self.directory.cleanup()


TestJournals = Journals.TestCase
TestJournals.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
