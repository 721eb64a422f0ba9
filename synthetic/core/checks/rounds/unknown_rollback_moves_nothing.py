"""Invariant 20: the rollback of a bet that the wallet does not know moves nothing."""

from __future__ import annotations

from synthetic.core.checks.amounts import in_words
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import entries_of, last_statement, nets, rollbacks
from synthetic.core.history import History


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every rollback of a bet that no statement has: nothing is posted under it, whatever it was answered."""
    gained = history.new_ledger_entries()
    if gained is None:
        return None
    debited = {entry.reference for entry in last_statement(history) if entry.kind == "bet"}
    unknown = {fact.reference for fact in rollbacks(history)} - debited
    if not unknown:
        return None
    return tuple(
        platform(f"the rollback of {reference}, a bet that was never debited, posted {in_words(moved)}")
        for reference in sorted(unknown)
        if (moved := nets(entries_of(gained, reference, "rollback")))
    )


CHECK = Check("unknown-rollback-moves-nothing", (20,), "the rollback of an unknown bet moves nothing", judge)
