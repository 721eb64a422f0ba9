"""Invariant 35: a payout that fails after it was paid is credited again, once."""

from __future__ import annotations

from synthetic.core.checks.amounts import listed
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.payments.statements import has_notified, last_state, psp_entries, was_notified, withdrawals
from synthetic.core.checks.postings import cash_of, entries_of
from synthetic.core.history import History, PaymentState, Withdrawal


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every payout that came back: one credit of its amount, once the platform has been told."""
    gained = history.new_ledger_entries()
    if gained is None:
        return None
    findings, judged = [], False
    for reference, fact in withdrawals(history).items():
        credits_ = [e.amount for e in cash_of(gained, reference, "payout_failed", "withdraw_release")]
        if not _came_back(history, reference, paid=bool(entries_of(gained, reference, "withdraw_paid"))):
            continue
        told = was_notified(history, reference, "payout_failed") or last_state(history, reference) == "failed"
        if not told and not credits_:
            continue  # the PSP knows it; the platform may not yet
        judged = True
        if credits_ != [fact.amount]:
            findings.append(
                platform(
                    f"the payout of withdrawal {reference} failed late; it was credited again {len(credits_)} times "
                    f"({listed(credits_)}), expected {fact.amount} once"
                )
            )
    return tuple(findings) if judged else None


def _came_back(history: History, reference: str, *, paid: bool) -> bool:
    """Whether the payout failed after it was paid: by the PSP's report or word, or as it was seen."""
    if psp_entries(history, reference, "payout_reversal"):
        return True
    kinds = (Withdrawal, PaymentState)
    states = [fact.state for fact in history.facts if isinstance(fact, kinds) and fact.reference == reference]
    was_paid = paid or "paid" in states
    return was_paid and (states[-1:] == ["failed"] or has_notified(history, reference, "payout_failed"))


CHECK = Check("late-failure-recredits-once", (35,), "a payout that fails late is credited again once", judge)
