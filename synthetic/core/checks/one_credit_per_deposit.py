"""Invariants 28 and 10: a deposit is credited once, with its amount; a declined one is not credited at all."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.history import Deposit, History, LedgerEntry
from synthetic.core.outcome import Blame, StepOutcome

_FINAL = ("succeeded", "declined", "failed", "refunded")


def judge(history: History) -> tuple[Finding, ...] | None:
    """Hold each deposit that came to its end against what the ledger gained under its reference."""
    gained = history.new_ledger_entries()
    deposits = {d.reference: d for d in history.of(Deposit) if d.state in _FINAL and d.reference}
    if gained is None:
        return None
    return tuple(finding for deposit in deposits.values() if (finding := _judge_one(deposit, gained)))


def _judge_one(deposit: Deposit, gained: tuple[LedgerEntry, ...]) -> Finding | None:
    credits_ = [e for e in gained if e.kind == "deposit" and e.bucket == "cash" and e.reference == deposit.reference]
    succeeded = deposit.outcome is StepOutcome.DONE and deposit.state == "succeeded"
    credited = [entry.amount for entry in credits_]
    allowed = [[deposit.amount]] if succeeded else [[]]
    if deposit.state == "refunded":  # credited before, or called back at the PSP while it was pending
        allowed.append([deposit.amount])
    if credited in allowed:
        return None
    wanted = f"one credit of {deposit.amount}" if succeeded else "no credit"
    told = ", ".join(str(amount) for amount in credited) or "none"
    return Finding(
        f"deposit {deposit.reference} ({deposit.state}) has {len(credited)} credits ({told}), expected {wanted}",
        Blame.PLATFORM,
        tuple(f"ledger {e.id}: {e.kind} {e.amount} for {e.reference}" for e in credits_),
    )


CHECK = Check("one-credit-per-deposit", (10, 28, 29), "a deposit is credited once, and only if it succeeded", judge)
