"""Invariants 28, 30, 34 and 37: platform = PSP report; each payment stands once on both sides, with one amount."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.history import Deposit, History, PspEntry, Withdrawal
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """Hold every payment that came to its end against what the PSP's report gained under its reference."""
    gained = history.new_psp_entries()
    if gained is None:
        return None
    deposits = {d.reference: d for d in history.of(Deposit) if d.state in ("succeeded", "declined", "failed")}
    withdrawals = {w.reference: w for w in history.of(Withdrawal) if w.state in ("paid", "failed", "cancelled")}
    findings = [
        _compare(gained, "capture", d.reference, d.amount if _succeeded(d) else None) for d in deposits.values()
    ]
    findings += [_compare(gained, "payout", w.reference, w.amount if _paid(w) else None) for w in withdrawals.values()]
    return tuple(finding for finding in findings if finding is not None)


def _succeeded(deposit: Deposit) -> bool:
    return deposit.outcome is StepOutcome.DONE and deposit.state == "succeeded"


def _paid(withdrawal: Withdrawal) -> bool:
    return withdrawal.outcome is StepOutcome.DONE and withdrawal.state == "paid"


def _compare(gained: tuple[PspEntry, ...], kind: str, reference: str, amount: Money | None) -> Finding | None:
    own = [entry for entry in gained if entry.kind == kind and entry.reference == reference]
    if [entry.amount for entry in own] == ([] if amount is None else [amount]):
        return None
    wanted = f"one of {amount}" if amount is not None else "none"
    told = ", ".join(str(entry.amount) for entry in own) or "none"
    return Finding(
        f"the PSP reports {len(own)} {kind}s ({told}) for {reference}; the platform has {wanted}",
        Blame.PLATFORM,
        tuple(f"psp {entry.id}: {entry.kind} {entry.amount} for {entry.reference}" for entry in own),
    )


CHECK = Check("psp-report-matches", (28, 30, 34, 37), "platform and PSP report agree on every payment", judge)
