"""What the PSP is known to have done and told of a payment; shared by the laws about payments."""

from __future__ import annotations

from collections.abc import Iterable

from synthetic.core.history import (
    Deposit,
    History,
    LedgerEntry,
    Notification,
    PaymentState,
    PspEntry,
    PspEvents,
    Withdrawal,
)
from synthetic.core.outcome import StepOutcome

FAILED = ("declined", "failed", "cancelled")
ACKNOWLEDGED = range(200, 300)


def psp_entries(history: History, reference: str, kind: str) -> list[PspEntry] | None:
    """What the reports gained of one kind under a reference; None where no PSP's report was read twice."""
    gained = history.new_psp_entries()
    if gained is None:
        return None
    return [entry for entry in gained if entry.reference == reference and entry.kind == kind]


def credits_of(gained: Iterable[LedgerEntry], reference: str) -> list[LedgerEntry]:
    """The credits of a deposit in cash."""
    return [e for e in gained if e.kind == "deposit" and e.bucket == "cash" and e.reference == reference]


def deposits(history: History) -> dict[str, Deposit]:
    """Every deposit by its reference, as it was seen last."""
    return {fact.reference: fact for fact in history.of(Deposit) if fact.reference}


def withdrawals(history: History) -> dict[str, Withdrawal]:
    """Every withdrawal by its reference, as it was seen last."""
    return {fact.reference: fact for fact in history.of(Withdrawal) if fact.reference}


def last_state(history: History, reference: str) -> str:
    """The last state that was seen of a payment; `""` where none was."""
    kinds = (Deposit, Withdrawal, PaymentState)
    seen = [fact.state for fact in history.facts if isinstance(fact, kinds) and fact.reference == reference]
    return seen[-1] if seen else ""


def was_notified(history: History, reference: str, event: str) -> bool:
    """Whether the platform has acknowledged a genuine notification of this event."""
    return any(200 <= status < 300 for status in _statuses(history, reference, event))


def has_notified(history: History, reference: str, event: str) -> bool:
    """Whether the PSP has sent a genuine notification of this event, whatever became of it."""
    return bool(_statuses(history, reference, event))


def _statuses(history: History, reference: str, event: str) -> list[int]:
    told = [
        line.status
        for record in history.of(PspEvents)
        for line in record.entries
        if (line.reference, line.event, line.signature) == (reference, event, "good")
    ]
    sent = [n for n in history.of(Notification) if (n.reference, n.event, n.signature) == (reference, event, "good")]
    return told + [200 if n.outcome is StepOutcome.DONE else 0 for n in sent]


def is_captured(history: History, reference: str) -> bool | None:
    """Whether the PSP has the money of a deposit: by its own word, or by its report; None where neither can say.

    A PSP that told of a capture which its report lacks is a breach of its own (psp-report-matches).
    """
    if has_notified(history, reference, "captured"):
        return True
    captures = psp_entries(history, reference, "capture")
    return None if captures is None else bool(captures)
