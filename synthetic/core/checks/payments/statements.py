"""What the PSP is known to have done and told of a payment; shared by the laws about payments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from synthetic.core.history import (
    Deposit,
    Fact,
    History,
    Ledger,
    LedgerEntry,
    Notification,
    PaymentState,
    PspEntry,
    PspEvents,
    PspReport,
    Withdrawal,
)
from synthetic.core.outcome import StepOutcome

FAILED = ("declined", "failed", "cancelled")
PENDING = ("pending", "processing", "in_transit")
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
    """Whether the platform had acknowledged a genuine notification of this event when the last statement was read.

    What the PSP's log tells later than that may have happened after it.
    """
    return any(status in ACKNOWLEDGED for status in _statuses(_before_statement(history), reference, event))


def has_notified(history: History, reference: str, event: str) -> bool:
    """Whether the PSP has sent a genuine notification of this event, whenever, and whatever became of it."""
    return bool(_statuses(history.facts, reference, event))


def _statuses(facts: Sequence[Fact], reference: str, event: str) -> list[int]:
    told: list[int] = []
    for fact in facts:
        if isinstance(fact, PspEvents):
            mine = [line for line in fact.entries if (line.reference, line.event) == (reference, event)]
            told += [line.status for line in mine if line.signature == "good"]
        elif isinstance(fact, Notification) and (fact.reference, fact.event) == (reference, event):
            told += [200 if fact.outcome is StepOutcome.DONE else 0] if fact.signature == "good" else []
    return told


def _before_statement(history: History) -> Sequence[Fact]:
    last = max((index for index, fact in enumerate(history.facts) if isinstance(fact, Ledger)), default=0)
    return history.facts[:last]


def is_captured(history: History, reference: str) -> bool | None:
    """Whether the PSP has the money of a deposit: by its own word, or by its report; None where neither can say.

    A PSP that told of a capture which its report lacks is a breach of its own (psp-report-matches). A report that is older than
    the statement does not know of a deposit that was still under way.
    """
    if has_notified(history, reference, "captured"):
        return True
    captures = psp_entries(history, reference, "capture")
    if captures is None or captures:
        return None if captures is None else True
    is_older = any(isinstance(fact, PspReport) for fact in _before_statement(history)) and not any(
        isinstance(fact, PspReport) for fact in history.facts[len(_before_statement(history)) :]
    )
    return None if is_older and last_state(history, reference) not in ("succeeded", *FAILED) else False
