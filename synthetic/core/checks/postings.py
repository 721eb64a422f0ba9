"""The player's postings as laws look at them: of one bet or payment, of one bucket, and whose work they are."""

from __future__ import annotations

from collections.abc import Iterable

from synthetic.core.checks.amounts import sums
from synthetic.core.history import Bet, History, Ledger, LedgerEntry, Rollback, Round, Tampered, WalletCall
from synthetic.core.outcome import StepOutcome


def entries_of(gained: Iterable[LedgerEntry], reference: str, *kinds: str) -> list[LedgerEntry]:
    """The postings of one bet or payment, of the given kinds."""
    return [entry for entry in gained if entry.reference == reference and entry.kind in kinds]


def cash_of(gained: Iterable[LedgerEntry], reference: str, *kinds: str) -> list[LedgerEntry]:
    """Those of them that moved cash."""
    return [entry for entry in entries_of(gained, reference, *kinds) if entry.bucket == "cash"]


def nets(entries: Iterable[LedgerEntry]) -> dict[str, int]:
    """Their sums over all buckets, one per currency, without what is zero."""
    return sums(entry.amount for entry in entries)


def last_statement(history: History) -> tuple[LedgerEntry, ...]:
    """The last statement that was read; empty where there was none."""
    statements = history.of(Ledger)
    return statements[-1].entries if statements else ()


def rolled_back(history: History) -> set[str]:
    """The bets whose rollback was acknowledged, by whichever kind of fact tells it."""
    return {fact.reference for fact in rollbacks(history) if fact.outcome is StepOutcome.DONE}


def rollbacks(history: History) -> list[Rollback | WalletCall]:
    """The rollbacks that were sent for some bet, by whichever kind of fact tells it, whatever they were answered."""
    calls = wallet_calls(history, "rollback")
    steps = {(call.step, call.reference) for call in calls}  # one step may tell both of one sending
    told = [fact for fact in history.of(Rollback) if (fact.step, fact.reference) not in steps]
    every: list[Rollback | WalletCall] = [*told, *calls]
    return [fact for fact in every if fact.reference]


def rounds(history: History) -> list[Round]:
    """What was seen of rounds; what a refused request would have made of one is not."""
    return [fact for fact in history.of(Round) if fact.outcome is not StepOutcome.REFUSED]


def wins_told(history: History) -> dict[str, int]:
    """Minor units that acknowledged wins have paid, by bet; a win that was sent again counts once."""
    wins: dict[tuple[str, str, str], WalletCall] = {}
    for call in wallet_calls(history, "win"):
        if call.outcome is StepOutcome.DONE and call.reference:
            wins.setdefault((call.provider, call.reference, call.transaction), call)
    paid: dict[str, int] = {}
    for (_, reference, _), call in wins.items():
        paid[reference] = paid.get(reference, 0) + call.amount.minor
    return paid


def wallet_calls(history: History, *actions: str) -> list[WalletCall]:
    """The wallet calls of these actions that were signed as they have to be."""
    return [call for call in history.of(WalletCall) if call.action in actions and call.signature == "good"]


def is_ours(history: History, entry: LedgerEntry) -> bool:
    """Whether a posting bears a key of this run under which the run, as far as it knows, has moved nothing.

    Keys begin with the run's id, so nobody else can have made it: it is our own doing that we lost sight of.
    """
    if not history.run_id:
        return False
    key = entry.key or entry.reference
    known = {moved.key for moved in history.moved} | _named(history)
    return key.startswith(history.run_id) and key not in known


def _named(history: History) -> set[str]:
    bets = {name for bet in history.of(Bet) for name in (bet.key, bet.reference)}
    calls = {call.transaction for call in history.of(WalletCall)}
    return bets | calls | {request.reference for request in history.of(Tampered)}
