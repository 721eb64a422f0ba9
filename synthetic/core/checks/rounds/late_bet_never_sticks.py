"""Invariant 21: a bet that arrives after its rollback (a tombstone) never sticks."""

from __future__ import annotations

from synthetic.core.checks.amounts import written
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.order import precedes
from synthetic.core.checks.postings import entries_of, nets, rollbacks, rolled_back, rounds, wallet_calls
from synthetic.core.history import Fact, History, WalletCall
from synthetic.core.outcome import StepOutcome

_SETTLED = ("WON", "LOST")


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every acknowledged rollback: in the end its bet has cost the player nothing, whichever came first.

    A bet that had been settled before is over: a wallet may acknowledge its rollback, and rightly moves nothing.
    """
    gained = history.new_ledger_entries()
    undone = {reference for reference in rolled_back(history) if not _was_settled(history, reference)}
    if gained is None or not undone:
        return None
    return tuple(
        platform(f"bet {reference} was rolled back, and still costs the player {written(-minor, currency)}")
        for reference in sorted(undone)
        for currency, minor in nets(entries_of(gained, reference, "bet", "rollback")).items()
        if minor < 0
    )


def _was_settled(history: History, reference: str) -> bool:
    """Whether its end was told before the first rollback of it was sent."""
    first = next(fact for fact in rollbacks(history) if fact.reference == reference)
    ends: list[Fact] = [fact for fact in rounds(history) if fact.reference == reference and fact.state in _SETTLED]
    ends += [call for call in wallet_calls(history, "win", "close") if call.reference == reference and _settles(call)]
    return any(precedes(history, end, first) for end in ends)


def _settles(call: WalletCall) -> bool:
    return call.outcome is StepOutcome.DONE and (call.action == "close" or call.closes or call.amount.minor > 0)


CHECK = Check("late-bet-never-sticks", (21,), "a bet whose rollback was acknowledged costs nothing", judge)
