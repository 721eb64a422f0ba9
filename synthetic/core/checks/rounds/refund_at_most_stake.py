"""Invariant 18: whatever rollback ids arrive, a bet gives back at most its stake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthetic.core.checks.amounts import in_words, written
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import entries_of, nets, rollbacks
from synthetic.core.history import History, LedgerEntry


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every bet that the ledger refunded in this run: refunds may not be above the debits."""
    gained = history.new_ledger_entries()
    if gained is None:
        return None
    refunded = sorted({entry.reference for entry in gained if entry.kind == "rollback"})
    if not (refunded or rollbacks(history)):
        return None
    return tuple(finding for reference in refunded for finding in _judge_bet(gained, reference))


def _judge_bet(gained: Sequence[LedgerEntry], reference: str) -> Iterator[Finding]:
    refunds = in_words(nets(entries_of(gained, reference, "rollback")))
    stakes = in_words({currency: -minor for currency, minor in nets(entries_of(gained, reference, "bet")).items()})
    for currency, minor in nets(entries_of(gained, reference, "bet", "rollback")).items():
        if minor > 0:
            more = written(minor, currency)
            yield platform(f"bet {reference} was refunded {more} more than its stake: {refunds} for {stakes}")


CHECK = Check("refund-at-most-stake", (18,), "the rollbacks of a bet give back at most its stake", judge)
