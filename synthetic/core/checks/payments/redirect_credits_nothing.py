"""Invariant 31: that the player's browser comes back and says "success" credits nothing."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.payments.statements import FAILED, credits_of, is_captured, last_state
from synthetic.core.history import History, Redirect


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every redirect that said success: no credit where the PSP has not captured, or where the payment failed."""
    gained = history.new_ledger_entries()
    said = [fact.reference for fact in history.of(Redirect) if fact.said == "success" and fact.reference]
    if gained is None or not said:
        return None
    findings, judged = [], False
    for reference in dict.fromkeys(said):
        captured, credited = is_captured(history, reference), credits_of(gained, reference)
        if captured is None and credited and last_state(history, reference) not in FAILED:
            continue  # nobody says whether the PSP has the money
        judged = True
        if credited and not captured:
            amount = credited[0].amount
            findings.append(platform(f"deposit {reference} was credited {amount} on the word of a redirect alone"))
    return tuple(findings) if judged else None


CHECK = Check("redirect-credits-nothing", (31,), "a redirect that says success credits nothing by itself", judge)
