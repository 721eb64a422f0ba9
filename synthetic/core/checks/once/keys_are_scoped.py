"""Invariant 13: an id counts within its provider and player; the same id of another one is another transaction."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import cash_of, wallet_calls
from synthetic.core.history import History, LedgerEntry, WalletCall
from synthetic.core.outcome import StepOutcome

_TAKEN = ("duplicate", "exist", "mismatch", "reused")


def judge(history: History) -> tuple[Finding, ...] | None:
    """Hold bets against each other that have one id in two scopes: both count, and each on its own."""
    bets: dict[str, list[WalletCall]] = {}
    for call in wallet_calls(history, "bet"):
        bets.setdefault(call.transaction, []).append(call)
    pairs = [
        (one, other)
        for calls in bets.values()
        for one, other in combinations(calls, 2)
        if (one.provider, one.player) != (other.provider, other.player)
    ]
    if not pairs:
        return None
    gained = history.new_ledger_entries()
    return tuple(finding for one, other in pairs for finding in _judge_pair(one, other, gained))


def _judge_pair(one: WalletCall, other: WalletCall, gained: tuple[LedgerEntry, ...] | None) -> Iterator[Finding]:
    whose = f"bet {one.transaction} of {_scope(one)} and of {_scope(other)}"
    if one.outcome is StepOutcome.DONE and other.outcome is StepOutcome.REFUSED and _is_taken(other.refusal):
        yield platform(f"{whose} are two, and the second was refused as {other.refusal}")
    if not one.outcome == other.outcome == StepOutcome.DONE:
        return
    if one.stored and one.stored == other.stored:
        yield platform(f"{whose} are two, and both were answered with {one.stored}")
    debits = cash_of(gained or (), one.transaction, "bet")
    if gained is not None and one.player == other.player and len(debits) < 2:
        yield platform(f"{whose} are two, and the ledger has {len(debits)} debits for them")


def _scope(call: WalletCall) -> str:
    return "/".join(part for part in (call.provider, call.player) if part) or "nobody"


def _is_taken(code: str) -> bool:
    return any(word in code.lower() for word in _TAKEN)


CHECK = Check("keys-are-scoped", (13,), "an id counts within its provider and player only", judge)
