"""What becomes a record: every money effect, what was undone, what did not hold, and what people decided."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from synthetic.audit.entry import Entry, Kind
from synthetic.audit.trail import AuditedJournal, AuditTrail
from synthetic.core.effects import Intent
from synthetic.core.errors import HarnessError, JournalUnavailable
from synthetic.core.events import CheckJudged, RunEnded, RunStarted, UndoEnded
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, IntentState, RunOutcome
from synthetic.journal.memory import MemoryJournal
from synthetic.journal.sqlite import SqliteJournal

INTENT = Intent(
    "run-1", "deposit", "cashier.deposit", "deposit", Money(100, "EUR"), "key-1", "psp", "wallet", "canary", "p1"
)
STARTED = RunStarted(
    "run-1", 7, "cash-out", "", (), {}, "canary", "canary", "test", "MT", "b", "1", "EUR", "p1", "", 0, 0, 0
)  # fmt: skip


class Notes(list[Entry]):
    """Facts as they came, and a trail that writes them."""

    def __init__(self) -> None:
        self.trail = AuditTrail(self.append, "worker:w1")


def test_an_effect_is_told_before_and_after_with_its_amount() -> None:
    """The intent once the journal has it, and each state that it comes to."""
    notes, kept = Notes(), MemoryJournal()
    journal = AuditedJournal(kept, notes.trail)
    journal.intend(INTENT)
    journal.resolve("key-1", IntentState.DONE)
    assert [(one.kind, one.cell, one.run, one.key, one.amount) for one in notes] == [
        (Kind.INTENT, "canary", "run-1", "key-1", Money(100, "EUR")),
        (Kind.RESOLUTION, "canary", "run-1", "key-1", Money(100, "EUR")),
    ]
    assert notes[0].data == {"step": "deposit", "operation": "cashier.deposit", "source": "psp", "target": "wallet"}
    assert notes[1].data == {"state": "done"}
    assert kept.entries()[0].state is IntentState.DONE


class GivesUpOnce(MemoryJournal):
    """A journal that commits several calls at once, at the second try."""

    def __init__(self, seen: list[Entry]) -> None:
        super().__init__()
        self.seen, self.told_before = seen, list[int]()

    @property
    def shares(self) -> object:
        """Nobody else's commits."""
        return self

    def together(self, calls: Sequence[Callable[[], None]]) -> list[Exception | None]:
        """Make them twice, as where a database preferred another transaction."""
        for call in calls:
            with suppress(HarnessError):
                call()
        outcomes = [_raised(call) for call in calls]
        self.told_before.append(len(self.seen))
        return outcomes


def _raised(call: Callable[[], None]) -> Exception | None:
    try:
        call()
    except HarnessError as error:
        return error
    return None


def test_effects_that_are_written_together_are_told_once_all_are_durable() -> None:
    """Each once, in their order, however often they were written before that; and what was refused is not."""
    notes = Notes()
    kept = GivesUpOnce(notes)
    first, second = AuditedJournal(kept, notes.trail), AuditedJournal(kept, notes.trail)
    assert first.shares == second.shares
    first.intend(INTENT)
    refused, again, fine = first.together(
        [
            partial(second.resolve, "nobody's", IntentState.DONE),
            partial(first.resolve, "key-1", IntentState.DONE),
            partial(second.intend, replace(INTENT, key="key-2")),
        ]
    )
    assert (type(refused), again, fine) == (HarnessError, None, None)
    assert kept.told_before == [1]
    told = [(Kind.INTENT, "key-1"), (Kind.RESOLUTION, "key-1"), (Kind.INTENT, "key-2")]
    assert [(one.kind, one.key) for one in notes] == told


def test_what_is_not_durable_together_is_not_told(tmp_path: Path) -> None:
    """The disk is gone: nothing was promised, so nothing is told."""
    notes = Notes()
    with SqliteJournal(tmp_path / "journal.db") as kept:
        journal = AuditedJournal(kept, notes.trail)
        kept.close()
        with pytest.raises(JournalUnavailable):
            journal.together([partial(journal.intend, INTENT)])
    assert notes == []


def test_an_effect_that_the_journal_refuses_is_not_told() -> None:
    """Nothing is sent then, so nothing has happened."""
    notes, kept = Notes(), MemoryJournal()
    kept.intend(Intent("other", "deposit", "x", "deposit", Money(1, "EUR"), "key-1", "psp", "wallet"))
    with pytest.raises(HarnessError):
        AuditedJournal(kept, notes.trail).intend(INTENT)
    assert notes == []


def test_what_an_earlier_process_intended_is_told_again() -> None:
    """Its audit may lack its last moments; all effects of the run, once, before what becomes of the first of them."""
    notes, kept = Notes(), MemoryJournal()
    bet = replace(INTENT, key="key-2", step="bet", amount=Money(20, "EUR"))
    for intent in (INTENT, bet):
        kept.intend(intent)
    journal = AuditedJournal(kept, notes.trail, lambda: [entry.intent for entry in kept.entries()])
    undo = replace(INTENT, key="key-3")
    journal.intend(undo)
    for key in ("key-2", "key-1", "key-3"):
        journal.resolve(key, IntentState.COMPENSATED)
    told = [(one.kind, one.key, one.data.get("earlier", False)) for one in notes]
    assert told == [
        (Kind.INTENT, "key-3", False),
        (Kind.INTENT, "key-1", True),
        (Kind.INTENT, "key-2", True),
        (Kind.RESOLUTION, "key-2", False),
        (Kind.RESOLUTION, "key-1", False),
        (Kind.RESOLUTION, "key-3", False),
    ]
    assert notes[-2].amount == Money(100, "EUR")


def test_an_effect_of_an_earlier_process_is_told_by_its_key() -> None:
    """Whoever takes over resolves what it has not intended."""
    notes = Notes()
    notes.trail.resolution("key-9", IntentState.COMPENSATED)
    assert notes == [Entry(Kind.RESOLUTION, "worker:w1", key="key-9", data={"state": "compensated"})]


def test_a_run_is_told_from_its_begin_to_its_end() -> None:
    """With what was undone, and with each law that did not hold; those that held are in the reports."""
    notes = Notes()
    for event in (
        STARTED,
        CheckJudged("run-1", "held", held=True, message="", blame=None),
        CheckJudged("run-1", "debits_equal_credits", held=False, message="1.00 EUR is missing", blame=Blame.PLATFORM),
        UndoEnded("run-1", "deposit", "stuck", "the refund was refused", Money(100, "EUR")),
        RunEnded("run-1", RunOutcome.FAILED, Blame.PSP, "deposit", "deposit", "", (Money(100, "EUR"),), 9),
    ):
        notes.trail(event)
    assert [one.kind for one in notes] == [Kind.RUN_STARTED, Kind.FINDING, Kind.COMPENSATION, Kind.RUN_ENDED]
    assert {(one.who, one.cell, one.run) for one in notes} == {("worker:w1", "canary", "run-1")}
    assert [one.amount for one in notes] == [None, None, Money(100, "EUR"), Money(100, "EUR")]
    assert notes[2].data == {"step": "deposit", "result": "stuck", "reason": "the refund was refused"}
    assert notes[3].data == {"outcome": "failed", "blame": "psp", "reason": "deposit"}


def test_what_people_and_gates_do_bears_their_names() -> None:
    """A kill, a resume, a configuration, a takeover and a verdict."""
    notes = Notes()
    notes.trail.kill("user:anna", "psp-a pays twice")
    notes.trail.resume("user:anna")
    notes.trail.config("sha256:1", accepted=False, what="runner.yaml:3:1: unknown key", by="user:ci")
    notes.trail.takeover("run-1", cell="canary", account="w/p1", taken_from="w2", epoch=3)
    notes.trail.verdict("canary", "fail", "deposits succeed less often", release="1.2")
    assert [(one.kind, one.who) for one in notes] == [
        (Kind.KILL, "user:anna"),
        (Kind.RESUME, "user:anna"),
        (Kind.CONFIG, "user:ci"),
        (Kind.TAKEOVER, "worker:w1"),
        (Kind.VERDICT, "worker:w1"),
    ]
    assert notes[3].data == {"account": "w/p1", "from": "w2", "epoch": 3}


def test_threads_may_tell_of_their_runs_at_once() -> None:
    """Intents come from the threads in which the journal makes them durable."""
    notes = Notes()

    def tell(worker: int) -> None:
        for number in range(3_000):
            key = f"{worker}-{number}"
            notes.trail.intent(Intent("r", "s", "o", "k", Money(1, "EUR"), key, "psp", "wallet", "canary"))
            if number % 2:
                notes.trail.resolution(key, IntentState.SETTLED)

    threads = [threading.Thread(target=tell, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(notes) == 8 * 4_500


def test_an_effect_that_is_over_is_forgotten() -> None:
    """What is told of its key again, after a recovery by hand, say, is told by its key alone."""
    notes = Notes()
    notes.trail.intent(INTENT)
    notes.trail.resolution("key-1", IntentState.SETTLED)
    notes.trail.resolution("key-1", IntentState.SETTLED)
    assert [one.cell for one in notes] == ["canary", "canary", ""]


def test_the_trail_forgets_runs_whose_end_never_comes() -> None:
    """A runner lives for months."""
    notes = Notes()
    for number in range(10_050):
        notes.trail.intent(Intent("r", "s", "o", "k", Money(1, "EUR"), f"key-{number}", "psp", "wallet", "canary"))
    notes.clear()
    notes.trail.resolution("key-0", IntentState.DONE)
    notes.trail.resolution("key-10049", IntentState.DONE)
    assert [one.cell for one in notes] == ["", "canary"]
