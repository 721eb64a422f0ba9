"""Which payments the run knows of, so that what a statement has beyond them is seen; shared by laws over two statements."""

from __future__ import annotations

from collections.abc import Iterable

from synthetic.core.history import (
    Deposit,
    History,
    Ledger,
    Notification,
    OpenItems,
    PaymentState,
    PspEntry,
    PspReport,
    Redirect,
    Withdrawal,
)
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome


def named_payments(history: History) -> set[str]:
    """The references of the payments that the run asked for or looked at, in whatever state they are."""
    kinds = (Deposit, Withdrawal, PaymentState, Redirect, Notification)
    named = {fact.reference for fact in history.facts if isinstance(fact, kinds)}
    return named | {item.reference for statement in history.of(OpenItems) for item in statement.entries}


def posted(history: History) -> set[str]:
    """The references that stand in any statement of the platform's ledger."""
    return {entry.reference for statement in history.of(Ledger) for entry in statement.entries}


def reported(history: History) -> list[PspEntry]:
    """The lines of all reports that were read."""
    return [entry for report in history.of(PspReport) for entry in report.entries]


def known_before(history: History) -> set[str]:
    """The references that stand in the first report of each PSP: what earlier runs have begun may still go on."""
    first: dict[str, PspReport] = {}
    for report in history.of(PspReport):
        first.setdefault(report.psp, report)
    return {entry.reference for report in first.values() for entry in report.entries}


class Unanswered:
    """The movements of one direction that were never answered: each may have become one payment whose reference we do not know."""

    def __init__(self, history: History, direction: str) -> None:
        self._left = [m.amount for m in history.moved if m.direction == direction and m.outcome is StepOutcome.UNKNOWN]

    def takes(self, amount: Money) -> bool:
        """Whether this amount may be one of them; each of them is one only."""
        if amount not in self._left:
            return False
        self._left.remove(amount)
        return True


def by_reference(entries: Iterable[PspEntry], kind: str) -> dict[str, PspEntry]:
    """The lines of one kind, one for each reference."""
    return {entry.reference: entry for entry in entries if entry.kind == kind}
