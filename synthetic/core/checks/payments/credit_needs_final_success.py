"""Invariant 29: a deposit is credited only on a verified, final success."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.order import precedes
from synthetic.core.checks.payments.statements import FAILED, PENDING, credits_of, deposits, is_captured, last_state
from synthetic.core.history import Deposit, History, Ledger, LedgerEntry, Notification, PaymentState


def judge(history: History) -> tuple[Finding, ...] | None:
    """A credit stands for money that the PSP has: not for a decline, and not for a word that nobody signed.

    One that a statement shows while the deposit was still on its way was too early, even if the money came in the end.
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
        if early := _credited_early(history, reference):
            judged = True
            findings.append(platform(f"deposit {reference} was credited {early.amount} while it was not final"))
            continue
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


def _credited_early(history: History, reference: str) -> LedgerEntry | None:
    """A credit that a statement shows which was read before the deposit was last seen on its way."""
    on_its_way = [
        fact
        for fact in history.facts
        if isinstance(fact, Deposit | PaymentState) and fact.reference == reference and fact.state in PENDING
    ]
    shown = (
        entry
        for statement in history.of(Ledger)
        if any(precedes(history, statement, seen) for seen in on_its_way)
        for entry in credits_of(statement.entries, reference)
    )
    return next(shown, None)


def _forged(history: History, reference: str) -> str:
    bad = [n.signature for n in history.of(Notification) if n.reference == reference and n.signature != "good"]
    return f"; a notification with a {bad[0]} signature said so" if bad else ""


CHECK = Check("credit-needs-final-success", (29,), "a deposit is credited only on a verified final success", judge)
