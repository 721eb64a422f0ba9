"""Invariant 44: a self-excluded player can't log in, deposit or bet."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.order import precedes
from synthetic.core.history import Bet, Deposit, Fact, History, Login, Restriction, WalletCall
from synthetic.core.outcome import StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """Everything of that kind that was sent while the exclusion held has to be refused. Withdrawals stay allowed."""
    tried = list(_tried(history))
    if not tried:
        return None
    return tuple(
        platform(f"a self-excluded player was let through: {what} in step {fact.step}")
        for fact, what in tried
        if fact.outcome is StepOutcome.DONE
    )


def _tried(history: History) -> Iterator[tuple[Fact, str]]:
    since: Restriction | None = None
    for fact in history.facts:
        if isinstance(fact, Restriction) and fact.name == "self_excluded":
            since = fact if fact.active else None
        elif since is not None and (what := _kind(fact)) and precedes(history, since, fact):
            yield fact, what


def _kind(fact: Fact) -> str:
    match fact:
        case Login():
            return "a login"
        case Deposit():
            return "a deposit"
        case Bet() | WalletCall(action="bet", signature="good"):
            return "a bet"
        case _:
            return ""


CHECK = Check("self-excluded-is-kept-out", (44,), "a self-excluded player can't log in, deposit or bet", judge)
