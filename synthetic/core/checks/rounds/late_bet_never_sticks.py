"""Invariant 21: a bet that arrives after its rollback (a tombstone) never sticks."""

from __future__ import annotations

from synthetic.core.checks.amounts import written
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import entries_of, nets, rolled_back
from synthetic.core.history import History


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every acknowledged rollback: in the end its bet has cost the player nothing, whichever came first."""
    gained, undone = history.new_ledger_entries(), rolled_back(history)
    if gained is None or not undone:
        return None
    return tuple(
        platform(f"bet {reference} was rolled back, and still costs the player {written(-minor, currency)}")
        for reference in sorted(undone)
        for currency, minor in nets(entries_of(gained, reference, "bet", "rollback")).items()
        if minor < 0
    )


CHECK = Check("late-bet-never-sticks", (21,), "a bet whose rollback was acknowledged costs nothing", judge)
