"""Invariants 10, 14 and 47: an acknowledged bet is debited once, with its stake; a refused one is not debited.

A bet whose answer was lost is neither: it may stand in the ledger or not, until somebody asks for it.
"""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.history import Bet, History, LedgerEntry
from synthetic.core.outcome import Blame, StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """Compare the bets that were acknowledged with the debits that the ledger gained, each way."""
    gained = history.new_ledger_entries()
    if gained is None:
        return None
    debits = [entry for entry in gained if entry.kind == "bet"]
    bets = {bet.reference: bet for bet in history.of(Bet) if bet.outcome is StepOutcome.DONE}
    findings = [finding for bet in bets.values() if (finding := _judge_bet(bet, debits))]
    findings += [_orphan(entry) for entry in _unexplained(history, debits, set(bets))]
    return tuple(findings)


def _unexplained(history: History, debits: list[LedgerEntry], known: set[str]) -> list[LedgerEntry]:
    """The debits that neither an acknowledged bet nor one of unknown fate explains."""
    unknown = list(history.unknown_stakes)
    left = []
    for entry in debits:
        if entry.reference in known:
            continue
        if -entry.amount in unknown:
            unknown.remove(-entry.amount)
        else:
            left.append(entry)
    return left


def _judge_bet(bet: Bet, debits: list[LedgerEntry]) -> Finding | None:
    own = [entry for entry in debits if entry.reference == bet.reference]
    if [entry.amount for entry in own] == [-bet.stake]:
        return None
    return Finding(
        f"bet {bet.reference} of {bet.stake} was acknowledged once and debited {len(own)} times",
        Blame.PLATFORM,
        tuple(f"ledger {e.id}: {e.kind} {e.amount} for {e.reference}" for e in own),
    )


def _orphan(entry: LedgerEntry) -> Finding:
    return Finding(
        f"the ledger has a debit for {entry.reference}, a bet that was not acknowledged",
        Blame.PLATFORM,
        (f"ledger {entry.id}: {entry.kind} {entry.amount}",),
    )


CHECK = Check("one-debit-per-bet", (10, 14, 47), "an acknowledged bet is debited once, any other not at all", judge)
