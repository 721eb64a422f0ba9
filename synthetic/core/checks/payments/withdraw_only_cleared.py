"""Invariant 33: a withdrawal is no more than the funds that are cleared and free of wagering."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.order import only_tells
from synthetic.core.history import Balance, History, Withdrawal
from synthetic.core.outcome import StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """Hold each withdrawal against the balance that was read before it, with nothing in between that moves money."""
    pairs = list(_pairs(history))
    if not pairs:
        return None
    findings = []
    for funds, asked in pairs:
        free = funds.cash if funds.withdrawable is None else funds.withdrawable
        if asked.outcome is StepOutcome.DONE and asked.amount.minor > free.minor:
            what = "cash" if funds.withdrawable is None else "withdrawable"
            findings.append(platform(f"a withdrawal of {asked.amount} was accepted, and {free} was {what}"))
    return tuple(findings)


def _pairs(history: History) -> Iterator[tuple[Balance, Withdrawal]]:
    funds: Balance | None = None
    seen: set[str] = set()
    for fact in history.facts:
        if isinstance(fact, Balance):
            funds = fact
        elif isinstance(fact, Withdrawal):
            if funds is not None and fact.reference not in seen and _is_comparable(funds, fact):
                yield funds, fact
            seen |= {fact.reference} - {""}
            funds = None
        elif not only_tells(fact):
            funds = None


def _is_comparable(funds: Balance, asked: Withdrawal) -> bool:
    free = funds.cash if funds.withdrawable is None else funds.withdrawable
    return free.currency == asked.amount.currency


CHECK = Check("withdraw-only-cleared", (33,), "a withdrawal is no more than the cleared, wagering-free funds", judge)
