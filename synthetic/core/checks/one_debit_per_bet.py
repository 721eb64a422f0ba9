"""Invariants 10, 14 and 47: an acknowledged bet is debited once, with its stake; a refused one is not debited."""

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
    findings += [_orphan(entry) for entry in debits if entry.reference not in bets]
    return tuple(findings)


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
