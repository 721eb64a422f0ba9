"""What one bet gained and lost in the ledger; shared arithmetic of the laws about rollbacks."""

from __future__ import annotations

from collections.abc import Iterable

from synthetic.core.history import LedgerEntry
from synthetic.core.money import Money


def entries_of(gained: Iterable[LedgerEntry], reference: str, *kinds: str) -> list[LedgerEntry]:
    """The new postings of one bet, of the given kinds."""
    return [entry for entry in gained if entry.reference == reference and entry.kind in kinds]


def nets(entries: Iterable[LedgerEntry]) -> tuple[Money, ...]:
    """Their sums over all buckets, one per currency: euros that were taken can't be given back as dollars."""
    sums: dict[str, Money] = {}
    for entry in entries:
        known = sums.get(entry.amount.currency)
        sums[entry.amount.currency] = entry.amount if known is None else known + entry.amount
    return tuple(sums.values())


def lines(entries: Iterable[LedgerEntry]) -> tuple[str, ...]:
    """The postings as lines of evidence."""
    return tuple(f"ledger {entry.id}: {entry.kind} {entry.amount} for {entry.reference}" for entry in entries)
