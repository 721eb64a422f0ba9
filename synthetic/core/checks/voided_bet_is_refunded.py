"""Invariant 17: the bet of a void round is refunded: it neither costs nor gives anything."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.checks.rollbacks import entries_of, lines, net
from synthetic.core.history import History, Round
from synthetic.core.outcome import Blame


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every round that ended VOID: the stake came back."""
    gained = history.new_ledger_entries()
    void = [fact for fact in history.of(Round) if fact.state == "VOID"]
    if gained is None or not void:
        return None
    findings = []
    for fact in void:
        own = entries_of(gained, fact.reference, "bet", "rollback", "win")
        cost = net(history, own)
        if cost.minor < 0:
            message = f"the round of bet {fact.reference} is void, and {-cost} of its stake did not come back"
            findings.append(Finding(message, Blame.PLATFORM, lines(own)))
    return tuple(findings)


CHECK = Check("voided-bet-is-refunded", (17, 20), "the bet of a void round is refunded", judge)
