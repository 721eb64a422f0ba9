"""Invariant 19: a rollback that is sent again moves nothing again."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import entries_of, rollbacks
from synthetic.core.history import History


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every bet with a rollback that was sent twice under one id: no more refunds than ids."""
    gained = history.new_ledger_entries()
    sent: dict[str, list[str]] = {}
    for fact in rollbacks(history):
        if fact.transaction:
            sent.setdefault(fact.reference, []).append(fact.transaction)
    again = {reference: ids for reference, ids in sent.items() if len(ids) > len(set(ids))}
    if gained is None or not again:
        return None
    findings = []
    for reference, ids in again.items():
        refunds = [entry for entry in entries_of(gained, reference, "rollback") if entry.amount.minor]
        if len(refunds) > len(set(ids)):
            findings.append(
                platform(f"the rollback of bet {reference} was sent again and refunded it {len(refunds)} times")
            )
    return tuple(findings)


CHECK = Check("rollback-is-idempotent", (19,), "a rollback that is sent again moves nothing again", judge)
