"""Settling an effect by a person's word: what nobody but a person can know, such as money that a PSP's support has sent back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from synthetic.core.errors import HarnessError
from synthetic.core.events import UndoEnded
from synthetic.core.outcome import IntentState, RunOutcome
from synthetic.core.ports import EventSink, Journal
from synthetic.core.wording import brief
from synthetic.journal.book import Book
from synthetic.journal.entry import OPEN_STATES, JournalEntry
from synthetic.journal.model import Caps, Lease, NewRun
from synthetic.runner.kept_leases import LEASE_S

RESULT = "settled_by_hand"


def settle_by_hand(
    book: Book,
    key: str,
    words: str,
    *,
    worker: str,
    journal: Callable[[Book, Lease, Sequence[Caps]], Journal],
    sink: EventSink,
) -> tuple[JournalEntry, list[JournalEntry]]:
    """Settle one open effect; its run is closed where that was the last. Answers it, and those that are still open.

    `words`: who says so and why, for the journal and, through `sink`, the audit. Nothing is sent to anybody. Raises
    HarnessError for a key that is not open, and where a worker is at its run.
    """
    entry = next((one for one in book.open_intents() if one.intent.key == key), None)
    if entry is None:
        raise HarnessError(f"the journal {book.where} has no open effect under the key {key!r}")
    lease = _lease(book, entry, worker)
    if lease is None:
        raise HarnessError(
            f"a worker is at the run {entry.intent.run_id}, or at its account; try again when it is done"
        )
    intent, told = entry.intent, brief(words)
    journal(book, lease, ()).resolve(key, IntentState.SETTLED)
    sink(UndoEnded(intent.run_id, intent.step, RESULT, told))
    left = [one for one in book.effects_of(intent.run_id) if one.state in OPEN_STATES]
    if left:
        book.strand(lease, told, next_try_ns=0)
    else:
        book.close_run(lease, RunOutcome.ABORTED.value, told)
    return entry, left


def _lease(book: Book, entry: JournalEntry, worker: str) -> Lease | None:
    """The lease of the effect's run, so that no recovery is at it meanwhile."""
    intent = entry.intent
    if book.run(intent.run_id) is not None:
        return book.take_over(intent.run_id, worker, LEASE_S, early=True)
    run = NewRun(intent.run_id, "", "", "", intent.cell, {}, seed=0, number=0, slot_ns=0)
    account = f"{intent.cell}/{intent.player}"
    return book.adopt(run, player=intent.player, account=account, worker=worker, ttl_s=LEASE_S)
