"""Invariant 3: a player's cash is never below zero, at no posting and in no balance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthetic.core.checks.amounts import written
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.history import Balance, History, Ledger, LedgerEntry, WalletCall


def judge(history: History) -> tuple[Finding, ...] | None:
    """Look at every balance that was told, and run through the last statement: what stood in the first one is not this run's."""
    statements, shown = history.of(Ledger), history.of(Balance)
    calls = [call for call in history.of(WalletCall) if call.balance is not None]
    new = _new_cash(statements)
    if not (new or shown or calls):
        return None
    told = [(f"step {fact.step} shows", fact.cash) for fact in shown]
    told += [(f"{call.action} {call.transaction} was answered with", call.balance) for call in calls if call.balance]
    findings = [platform(f"{how} a balance of {cash}") for how, cash in told if cash.minor < 0]
    if new:
        findings += _below_zero(statements[-1].entries, new)
    return tuple(findings)


def _new_cash(statements: Sequence[Ledger]) -> set[str]:
    """The ids of the cash postings that only the last statement has; all of them where there is one only."""
    known = {entry.id for entry in statements[0].entries} if len(statements) > 1 else set()
    last = statements[-1].entries if statements else ()
    return {entry.id for entry in last if entry.bucket == "cash"} - known


def _below_zero(entries: tuple[LedgerEntry, ...], new: set[str]) -> Iterator[Finding]:
    """The first new posting of each currency that takes cash below zero."""
    running: dict[str, int] = {}
    told: set[str] = set()
    for entry in entries:
        if entry.bucket != "cash":
            continue
        currency = entry.amount.currency
        running[currency] = running.get(currency, 0) + entry.amount.minor
        after = running[currency] if entry.balance_after is None else min(running[currency], entry.balance_after.minor)
        if after < 0 and currency not in told and entry.id in new:
            told.add(currency)
            yield platform(
                f"posting {entry.id} ({entry.kind} for {entry.reference}) takes cash to {written(after, currency)}"
            )


CHECK = Check("cash-never-negative", (3,), "a player's cash is never below zero", judge)
