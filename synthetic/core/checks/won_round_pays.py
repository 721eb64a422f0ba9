"""Invariant 17: a settled round has posted what it says it paid, once."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.checks.rollbacks import entries_of, lines, nets
from synthetic.core.history import History, Round
from synthetic.core.outcome import Blame


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every round that ended WON or LOST: its payout is in the ledger."""
    gained = history.new_ledger_entries()
    settled = [fact for fact in history.of(Round) if fact.state in ("WON", "LOST")]
    if gained is None or not settled:
        return None
    findings = []
    for fact in settled:
        own = entries_of(gained, fact.reference, "win")
        paid = tuple(amount for amount in nets(own) if amount.minor)
        if paid != ((fact.payout,) if fact.payout.minor else ()):
            told = ", ".join(str(amount) for amount in paid) or "nothing"
            message = (
                f"the round of bet {fact.reference} says {fact.state} and paid {fact.payout}; the ledger has {told}"
            )
            findings.append(Finding(message, Blame.PLATFORM, lines(own)))
    return tuple(findings)


CHECK = Check("won-round-pays", (17, 24), "a settled round's payout is in the ledger, once", judge)
