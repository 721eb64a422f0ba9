"""Invariant 23: a closed round takes no bets."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.order import precedes
from synthetic.core.checks.postings import rounds, wallet_calls
from synthetic.core.history import Bet, Fact, History, WalletCall
from synthetic.core.outcome import StepOutcome

_OVER = ("WON", "LOST", "VOID")


def judge(history: History) -> tuple[Finding, ...] | None:
    """Every bet on a round that was surely closed before it was sent has to be refused, unless it repeats an older one."""
    bets = [fact for fact in history.facts if isinstance(fact, Bet) or _is_bet(fact)]
    findings, late = [], False
    for bet in bets:
        assert isinstance(bet, Bet | WalletCall)
        closing = next((c for c in _closings(history, bet.round) if precedes(history, c, bet)), None)
        if closing is None or any(_id(bet) == _id(one) and not precedes(history, closing, one) for one in bets):
            continue
        late = True
        if bet.outcome is StepOutcome.DONE:
            findings.append(platform(f"bet {_id(bet)} was accepted on round {bet.round}, which was closed before"))
    return tuple(findings) if late else None


def _is_bet(fact: Fact) -> bool:
    return isinstance(fact, WalletCall) and fact.action == "bet" and fact.signature == "good"


def _closings(history: History, round_: str) -> Iterator[Fact]:
    """What closed a round: a close, a call that closes, or an end that was seen."""
    if not round_:
        return
    for call in wallet_calls(history, "bet", "win", "close"):
        if call.round == round_ and call.outcome is StepOutcome.DONE and (call.closes or call.action == "close"):
            yield call
    yield from (fact for fact in rounds(history) if fact.round == round_ and fact.state in _OVER)


def _id(bet: Fact) -> str:
    return bet.transaction if isinstance(bet, WalletCall) else bet.reference if isinstance(bet, Bet) else ""


CHECK = Check("no-bet-on-closed-round", (23,), "a closed round takes no bet", judge)
