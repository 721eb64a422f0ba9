"""Invariant 17: a settled round has posted what it says it paid, once."""

from __future__ import annotations

from synthetic.core.checks.amounts import in_words, sums
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import entries_of, nets
from synthetic.core.history import History, Round


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every round that ended WON or LOST: its payout is in the ledger."""
    gained = history.new_ledger_entries()
    settled = {fact.reference: fact for fact in history.of(Round) if fact.state in ("WON", "LOST")}
    if gained is None or not settled:
        return None
    findings = []
    for fact in settled.values():
        paid = nets(entries_of(gained, fact.reference, "win"))
        if paid != sums((fact.payout,)):
            says = f"the round of bet {fact.reference} says {fact.state} and paid {fact.payout}"
            findings.append(platform(f"{says}; the ledger has {in_words(paid)}"))
    return tuple(findings)


CHECK = Check("won-round-pays", (17,), "a settled round's payout is in the ledger, once", judge)
