"""Invariant 32: old events never take a payment back from a final state."""

from __future__ import annotations

from itertools import pairwise

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.order import overlap
from synthetic.core.history import Deposit, Fact, History, PaymentState, Withdrawal
from synthetic.core.outcome import StepOutcome

# What may still become of a state that is final: money can go back, and a payout can fail late.
_NEXT = {
    "succeeded": {"refunded", "charged_back", "disputed"},
    "paid": {"failed", "reversed", "returned"},
    "declined": set[str](),
    "failed": set[str](),
    "cancelled": {"succeeded", "refunded"},  # a late success is no old event
    "refunded": {"charged_back"},
    "charged_back": set[str](),
    "reversed": set[str](),
    "returned": set[str](),
}
_UNDER_WAY = {"created", "requested", "pending", "processing", "requires_action", "authorized", "in_transit"}


def judge(history: History) -> tuple[Finding, ...] | None:
    """Follow each payment through the states in which it was seen."""
    seen: dict[str, list[tuple[str, Fact]]] = {}
    for fact in history.facts:
        if isinstance(fact, Deposit | Withdrawal | PaymentState) and fact.outcome is not StepOutcome.UNKNOWN:
            seen.setdefault(fact.reference, []).append((fact.state, fact))
    followed = {ref: states for ref, states in seen.items() if ref and len(states) > 1 and _was_final(states)}
    if not followed:
        return None
    return tuple(finding for ref, states in followed.items() if (finding := _regression(ref, states)) is not None)


def _was_final(states: list[tuple[str, Fact]]) -> bool:
    """Whether it was looked at again after it was final."""
    return any(state in _NEXT for state, _ in states[:-1])


def _regression(reference: str, states: list[tuple[str, Fact]]) -> Finding | None:
    for (was, before), (is_, after) in pairwise(states):
        if was == is_ or was not in _NEXT or overlap(before, after):
            continue
        if (is_ in _UNDER_WAY or is_ in _NEXT) and is_ not in _NEXT[was]:
            return platform(f"payment {reference} was {was} in step {before.step}, and {is_} in step {after.step}")
    return None


CHECK = Check("final-state-stays", (32,), "old events never take a payment back from a final state", judge)
