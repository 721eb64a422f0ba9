"""Invariants 18 and 19: whatever rollback ids arrive, a bet gives back at most its stake."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.checks.rollbacks import entries_of, lines, nets
from synthetic.core.history import History
from synthetic.core.outcome import Blame


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every bet that the ledger refunded in this run: refunds may not be above the debits."""
    gained = history.new_ledger_entries()
    if gained is None:
        return None
    findings = []
    for reference in sorted({entry.reference for entry in gained if entry.kind == "rollback"}):
        own = entries_of(gained, reference, "bet", "rollback")
        for net in nets(own):
            if net.minor > 0:
                message = f"bet {reference} was refunded {net} more than its stake"
                findings.append(Finding(message, Blame.PLATFORM, lines(own)))
    return tuple(findings)


CHECK = Check("refund-at-most-stake", (18, 19), "the rollbacks of a bet give back at most its stake", judge)
