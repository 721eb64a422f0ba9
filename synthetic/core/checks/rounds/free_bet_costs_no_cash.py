"""Invariant 25: a free bet debits no cash."""

from __future__ import annotations

from synthetic.core.checks.amounts import in_words
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import cash_of, nets, wallet_calls
from synthetic.core.history import History


def judge(history: History) -> tuple[Finding, ...] | None:
    """Nothing of the player's cash may stand under a free bet, whatever it was answered."""
    gained = history.new_ledger_entries()
    free = {call.transaction for call in wallet_calls(history, "bet") if call.free}
    if gained is None or not free:
        return None
    return tuple(
        platform(f"free bet {transaction} moved {in_words(moved)} of cash")
        for transaction in sorted(free)
        if (moved := nets(cash_of(gained, transaction, "bet")))
    )


CHECK = Check("free-bet-costs-no-cash", (25,), "a free bet debits no cash", judge)
