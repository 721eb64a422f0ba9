"""Invariants 2 and 9: the balance that the platform shows is the sum of the player's postings."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.history import Balance, History, Ledger
from synthetic.core.outcome import Blame


def judge(history: History) -> tuple[Finding, ...] | None:
    """Compare each balance with the statement that was read right after it, with nothing in between."""
    findings, compared = [], False
    for shown, statement in zip(history.facts, history.facts[1:], strict=False):
        if not (isinstance(shown, Balance) and isinstance(statement, Ledger)):
            continue
        compared = True
        total = history.total([entry.amount for entry in statement.entries if entry.bucket == "cash"])
        if shown.cash != total:
            message = f"step {shown.step} shows a balance of {shown.cash}; the postings sum up to {total}"
            last = statement.entries[-1:]
            lines = tuple(f"ledger {e.id}: {e.kind} {e.amount} for {e.reference}" for e in last)
            findings.append(Finding(message, Blame.PLATFORM, lines))
    return tuple(findings) if compared else None


CHECK = Check("balance-equals-ledger", (2, 9), "a balance shown is the sum of its postings", judge)
