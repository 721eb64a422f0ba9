"""Invariant 47: an acknowledged bet is debited once, with its stake; any other is not debited.

A bet whose answer was lost is neither: it may stand in the ledger or not, until somebody asks for it.
"""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import is_ours, wallet_calls
from synthetic.core.history import Bet, Frame, History, LedgerEntry
from synthetic.core.outcome import Blame, StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """Compare the bets that were acknowledged with the debits that the ledger gained, each way."""
    gained = history.new_ledger_entries()
    if gained is None:
        return None
    debits = [entry for entry in gained if entry.kind == "bet"]
    if not (debits or _was_asked_for(history)):
        return None
    bets = {bet.reference: bet for bet in history.of(Bet) if bet.outcome is StepOutcome.DONE}
    acked = {frame.bet for frame in history.of(Frame) if frame.type == "bet_ack" and frame.bet} - set(bets)
    findings = [finding for bet in bets.values() if (finding := _judge_bet(bet, debits))]
    findings += [_not_once(bet, debits) for bet in sorted(acked) if _count(bet, debits) != 1]
    findings += [_orphan(history, entry) for entry in _unexplained(history, debits, acked | set(bets))]
    return tuple(findings)


def _was_asked_for(history: History) -> bool:
    """Whether there was any bet to speak of: acknowledged, refused, or of unknown fate."""
    acked = any(frame.type == "bet_ack" and frame.bet for frame in history.of(Frame))
    staked = any(moved.direction == "stake" for moved in history.moved)
    return bool(acked or staked or history.of(Bet) or history.unknown_stakes or wallet_calls(history, "bet"))


def _unexplained(history: History, debits: list[LedgerEntry], known: set[str]) -> list[LedgerEntry]:
    """The debits that neither an acknowledged bet nor one of unknown fate explains."""
    called = {c.transaction for c in wallet_calls(history, "bet") if c.outcome is not StepOutcome.REFUSED}
    unknown = list(history.unknown_stakes)
    left = []
    for entry in debits:
        if entry.reference in known or entry.reference in called:
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
    return platform(f"bet {bet.reference} of {bet.stake} was acknowledged once and debited {len(own)} times")


def _not_once(bet: str, debits: list[LedgerEntry]) -> Finding:
    return platform(f"a frame acknowledged bet {bet}, and it was debited {_count(bet, debits)} times")


def _count(bet: str, debits: list[LedgerEntry]) -> int:
    return sum(entry.reference == bet for entry in debits)


def _orphan(history: History, entry: LedgerEntry) -> Finding:
    if is_ours(history, entry):
        key = entry.key or entry.reference
        message = (
            f"the ledger has a debit for {entry.reference} under our own key {key}, and the run knows of no such bet"
        )
        return Finding(message, Blame.HARNESS)
    return platform(f"the ledger has a debit for {entry.reference}, a bet that was not acknowledged")


CHECK = Check("one-debit-per-bet", (47,), "an acknowledged bet is debited once, any other not at all", judge)
