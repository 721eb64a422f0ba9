"""Invariant 34: a withdrawal is reserved when it is asked for, and released once if it fails."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.checks.amounts import in_words, sums
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.payments.statements import last_state, withdrawals
from synthetic.core.checks.postings import cash_of, entries_of
from synthetic.core.history import History, LedgerEntry, Withdrawal

_GIVEN_BACK = ("failed", "cancelled")


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every withdrawal: one reservation of its amount, and what came back fits to how it ended."""
    gained, asked = history.new_ledger_entries(), withdrawals(history)
    if gained is None or not asked:
        return None
    return tuple(
        finding for fact in asked.values() for finding in _judge_one(fact, gained, last_state(history, fact.reference))
    )


def _judge_one(fact: Withdrawal, gained: tuple[LedgerEntry, ...], state: str) -> Iterator[Finding]:
    name = f"withdrawal {fact.reference} of {fact.amount} ({state})"
    reserved = [entry.amount for entry in cash_of(gained, fact.reference, "withdraw_reserve")]
    if reserved != [-fact.amount]:
        yield platform(f"{name} was reserved {len(reserved)} times ({in_words(sums(reserved))})")
        return
    released = [e.amount for e in cash_of(gained, fact.reference, "withdraw_release")]
    returned = [e.amount for e in cash_of(gained, fact.reference, "payout_failed")]
    came_back = [*released, *returned]
    once = [fact.amount]
    if state in _GIVEN_BACK and not came_back:
        yield platform(f"{name} was reserved and never released")
    elif len(released) > 1 or (released and (state == "paid" or came_back != once)):
        yield platform(f"{name} was released {len(came_back)} times ({in_words(sums(came_back))})")
    elif state in (*_GIVEN_BACK, "paid") and (left := _still_locked(gained, fact.reference)):
        yield platform(f"{name} has ended, and {in_words(left)} of it is still locked")


def _still_locked(gained: tuple[LedgerEntry, ...], reference: str) -> dict[str, int]:
    kinds = ("withdraw_reserve", "withdraw_release", "withdraw_paid")
    return sums(e.amount for e in entries_of(gained, reference, *kinds) if e.bucket == "locked")


CHECK = Check("reserved-and-released-once", (34,), "a withdrawal is reserved at the request and released once", judge)
