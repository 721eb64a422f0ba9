"""Invariant 9: a balance that is returned with a transaction is the one right after it."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.checks.amounts import as_money, written
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import last_statement
from synthetic.core.history import Bet, History, LedgerEntry, WalletCall
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome

Answer = tuple[str, str, str, str, Money]
"""The words for it, the kind of its posting, its reference, its key, and the balance that it was answered with."""


def judge(history: History) -> tuple[Finding, ...] | None:
    """Run through the last statement, and compare what it says with each answer and with its own `balance_after`."""
    after = {entry.id: (entry, minor) for entry, minor in _running(last_statement(history))}
    told = [entry for entry, _ in after.values() if entry.balance_after is not None]
    answers = [
        (answer, balances)
        for answer in _answers(history)
        if (balances := [minor for entry, minor in after.values() if _belongs(entry, answer)])
    ]
    if not told and not answers:
        return None
    findings = [
        platform(
            f"posting {entry.id} says {entry.balance_after} after it; the postings up to it sum up to "
            f"{written(minor, entry.amount.currency)}"
        )
        for entry, minor in after.values()
        if entry.balance_after is not None and entry.balance_after != as_money(minor, entry.amount.currency)
    ]
    for (said, _, _, _, balance), minors in answers:
        if balance.minor not in minors:
            right = " or ".join(written(minor, balance.currency) for minor in minors)
            findings.append(platform(f"{said} was answered with a balance of {balance}; after it there was {right}"))
    return tuple(findings)


def _running(entries: tuple[LedgerEntry, ...]) -> Iterator[tuple[LedgerEntry, int]]:
    """Each posting with what its bucket holds after it."""
    totals: dict[tuple[str, str], int] = {}
    for entry in entries:
        purse = (entry.bucket, entry.amount.currency)
        totals[purse] = totals.get(purse, 0) + entry.amount.minor
        yield entry, totals[purse]


def _answers(history: History) -> Iterator[Answer]:
    """The first answer to each transaction; a repetition may tell the balance of now."""
    seen: set[tuple[str, ...]] = set()
    for fact in history.facts:
        if fact.outcome is not StepOutcome.DONE or not isinstance(fact, WalletCall | Bet) or fact.balance is None:
            continue
        if isinstance(fact, Bet):
            scope: tuple[str, ...] = ("bet", fact.reference)
            answer = (f"bet {fact.reference}", "bet", fact.reference, fact.key, fact.balance)
        else:
            scope = (fact.provider, fact.player, fact.transaction)
            reference = fact.transaction if fact.action == "bet" else fact.reference
            answer = (f"{fact.action} {fact.transaction}", fact.action, reference, fact.transaction, fact.balance)
        if scope not in seen and answer[2]:
            seen.add(scope)
            yield answer


def _belongs(entry: LedgerEntry, answer: Answer) -> bool:
    _, kind, reference, key, balance = answer
    if entry.kind != kind or entry.bucket != "cash" or entry.amount.currency != balance.currency:
        return False
    return entry.key == key if entry.key and key else entry.reference == reference


CHECK = Check("balance-after-transaction", (9,), "a returned balance is the one right after its transaction", judge)
