"""Invariant 29: a deposit is credited only on a verified, final success."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.payments.statements import FAILED, credits_of, deposits, is_captured, last_state
from synthetic.core.history import History, Notification, PaymentState


def judge(history: History) -> tuple[Finding, ...] | None:
    """A credit stands for money that the PSP has: not for a decline, and not for a word that nobody signed.

    A redirect's word is a law of its own (redirect-credits-nothing).
    """
    gained = history.new_ledger_entries()
    references = _references(history)
    if gained is None or not references:
        return None
    findings, judged = [], False
    for reference in references:
        state, captured = last_state(history, reference), is_captured(history, reference)
        credited = credits_of(gained, reference)
        forged = _forged(history, reference)
        if state in FAILED and not captured:
            judged, why = True, f"it is {state}"
        elif captured is False:
            judged, why = True, f"the PSP has captured nothing{forged}"
        else:
            judged = judged or captured is True
            continue
        if credited:
            findings.append(platform(f"deposit {reference} was credited {credited[0].amount}, and {why}"))
    return tuple(findings) if judged else None


def _references(history: History) -> list[str]:
    told = [fact.reference for fact in history.of(Notification) if fact.event in ("captured", "failed")]
    seen = [fact.reference for fact in history.of(PaymentState)]
    known = [*deposits(history), *told, *(reference for reference in seen if reference in told)]
    return [reference for reference in dict.fromkeys(known) if reference]


def _forged(history: History, reference: str) -> str:
    bad = [n.signature for n in history.of(Notification) if n.reference == reference and n.signature != "good"]
    return f"; a notification with a {bad[0]} signature said so" if bad else ""


CHECK = Check("credit-needs-final-success", (29,), "a deposit is credited only on a verified final success", judge)
