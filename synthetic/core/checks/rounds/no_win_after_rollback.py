"""Invariant 22: a win on a bet that was rolled back is rejected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.order import precedes
from synthetic.core.checks.postings import entries_of, rollbacks, wallet_calls
from synthetic.core.history import History, LedgerEntry, Rollback, WalletCall
from synthetic.core.outcome import StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """A win that came after the rollback's answer must not be done; and no win stands behind a refund in the ledger.

    A win under way at the same time as the rollback may have come first, and a repeated one may have been paid before.
    """
    undone = [fact for fact in rollbacks(history) if fact.outcome is StepOutcome.DONE]
    gained = history.new_ledger_entries()
    wins = [call for call in wallet_calls(history, "win") if any(call.reference == r.reference for r in undone)]
    if not undone or (gained is None and not wins):
        return None
    return (*_done(history, undone, wins), *_posted(gained or (), sorted({fact.reference for fact in undone})))


def _done(history: History, undone: Sequence[Rollback | WalletCall], wins: Sequence[WalletCall]) -> Iterator[Finding]:
    paid: set[str] = set()
    for win in wins:
        if win.outcome is not StepOutcome.DONE or win.transaction in paid:
            continue
        before = [r for r in undone if r.reference == win.reference and precedes(history, r, win)]
        if before:
            yield platform(f"win {win.transaction} on bet {win.reference} was accepted after the bet's rollback")
        paid.add(win.transaction)


def _posted(gained: Sequence[LedgerEntry], references: Sequence[str]) -> Iterator[Finding]:
    for reference in references:
        refunded = False
        for entry in entries_of(gained, reference, "rollback", "win"):
            if entry.kind == "rollback" and entry.amount.minor > 0:
                refunded = True
            elif entry.kind == "win" and entry.amount.minor > 0 and refunded:
                yield platform(f"bet {reference} was refunded, and then {entry.amount} were won with it")


CHECK = Check("no-win-after-rollback", (22,), "a win on a bet that was rolled back is rejected", judge)
