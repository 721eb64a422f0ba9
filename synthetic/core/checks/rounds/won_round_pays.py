"""Invariant 17: a settled round has posted what it says it paid, once."""

from __future__ import annotations

from synthetic.core.checks.amounts import in_words, sums
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import entries_of, nets, rounds, wins_told
from synthetic.core.history import History


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every round that ended WON or LOST: its payout is in the ledger."""
    gained = history.new_ledger_entries()
    settled = {fact.reference: fact for fact in rounds(history) if fact.state in ("WON", "LOST")}
    if gained is None or not settled:
        return None
    findings, wins = [], wins_told(history)
    for fact in settled.values():
        payout, paid = sums((fact.payout,)), nets(entries_of(gained, fact.reference, "win"))
        if fact.reference in wins:  # told one by one, and the last of several is not what the round has paid
            payout = {currency: minor for currency, minor in ((fact.payout.currency, wins[fact.reference]),) if minor}
        if paid != payout:
            told = in_words(payout) if payout else fact.payout
            says = f"the round of bet {fact.reference} says {fact.state} and paid {told}"
            findings.append(platform(f"{says}; the ledger has {in_words(paid)}"))
    return tuple(findings)


CHECK = Check("won-round-pays", (17,), "a settled round's payout is in the ledger, once", judge)
