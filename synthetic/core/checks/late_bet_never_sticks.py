"""Invariant 21: a bet that arrives after its rollback (a tombstone) never sticks."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.checks.rollbacks import entries_of, lines, nets
from synthetic.core.history import History, Rollback
from synthetic.core.outcome import Blame, StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every acknowledged rollback: in the end its bet has cost the player nothing, whichever came first."""
    gained = history.new_ledger_entries()
    rolled_back = {fact.reference for fact in history.of(Rollback) if fact.outcome is StepOutcome.DONE}
    if gained is None or not rolled_back:
        return None
    findings = []
    for reference in sorted(rolled_back):
        own = entries_of(gained, reference, "bet", "rollback")
        for net in nets(own):
            if net.minor < 0:
                message = f"bet {reference} was rolled back, and still costs the player {-net}"
                findings.append(Finding(message, Blame.PLATFORM, lines(own)))
    return tuple(findings)


CHECK = Check("late-bet-never-sticks", (20, 21), "a bet whose rollback was acknowledged costs nothing", judge)
