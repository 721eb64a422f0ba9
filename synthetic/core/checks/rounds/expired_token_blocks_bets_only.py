"""Invariant 26: an expired token blocks bets, and nothing else."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import cash_of, rolled_back, wallet_calls
from synthetic.core.history import History, LedgerEntry, WalletCall
from synthetic.core.outcome import StepOutcome

_EXPIRED = "expired"
_OF_THE_TOKEN = ("token", "expired", "session")


def judge(history: History) -> tuple[Finding, ...] | None:
    """A bet with an expired token is refused and not posted; a win or a rollback is not refused for its token."""
    calls = [call for call in wallet_calls(history, "bet", "win", "rollback", "close") if call.token == _EXPIRED]
    if not calls:
        return None
    gained = history.new_ledger_entries() or ()
    seen = [finding for call in calls if (finding := _judge_call(history, call, gained)) is not None]
    return tuple(seen)


def _judge_call(history: History, call: WalletCall, gained: tuple[LedgerEntry, ...]) -> Finding | None:
    told = f"{call.action} {call.transaction} with an expired token"
    if call.action == "bet":
        if _is_repeated(history, call):  # a bet that was debited while the token was live is still known
            return None
        accepted = call.outcome is StepOutcome.DONE or bool(cash_of(gained, call.transaction, "bet"))
        return platform(f"{told} was accepted") if accepted else None
    if call.outcome is not StepOutcome.REFUSED:
        return None
    blamed = any(word in call.refusal.lower() for word in _OF_THE_TOKEN)
    if not blamed and not _is_due(history, call, gained):
        return None
    return platform(f"{told} was refused ({call.refusal or 'without a reason'})")


def _is_due(history: History, call: WalletCall, gained: tuple[LedgerEntry, ...]) -> bool:
    """Whether nothing else explains a refusal: the bet was debited, and has neither been rolled back nor settled."""
    settled = {win.reference for win in wallet_calls(history, "win") if win.outcome is not StepOutcome.REFUSED}
    settled |= rolled_back(history)
    return bool(cash_of(gained, call.reference, "bet")) and call.reference not in settled


def _is_repeated(history: History, call: WalletCall) -> bool:
    same = [c for c in wallet_calls(history, "bet") if c.transaction == call.transaction and c.token != _EXPIRED]
    return any(c.outcome is not StepOutcome.REFUSED for c in same)


CHECK = Check("expired-token-blocks-bets-only", (26,), "an expired token blocks bets and nothing else", judge)
