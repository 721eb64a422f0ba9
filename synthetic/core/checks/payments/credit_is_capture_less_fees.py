"""Invariant 30: what is credited is what was captured, less the PSP's fees."""

from __future__ import annotations

from synthetic.core.checks.amounts import in_words, sums
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.payments.statements import credits_of, deposits, psp_entries
from synthetic.core.history import History, PspEntry


def judge(history: History) -> tuple[Finding, ...] | None:
    """Compare the credit and the captures of every deposit that has both, by the two statements."""
    gained = history.new_ledger_entries()
    if gained is None or history.new_psp_entries() is None:
        return None
    findings, judged = [], False
    for reference in deposits(history):
        captures = psp_entries(history, reference, "capture") or []
        credited = sums(entry.amount for entry in credits_of(gained, reference))
        if not captures or not credited:
            continue
        judged = True
        if credited != (due := _less_fees(captures)):
            findings.append(
                platform(f"deposit {reference} was credited {in_words(credited)}; captured less fees: {in_words(due)}")
            )
    return tuple(findings) if judged else None


def _less_fees(captures: list[PspEntry]) -> dict[str, int]:
    fees = [-entry.fee for entry in captures if entry.fee is not None]
    return sums([*(entry.amount for entry in captures), *fees])


CHECK = Check("credit-is-capture-less-fees", (30,), "what is credited is what was captured, less fees", judge)
