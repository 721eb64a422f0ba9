"""Invariant 16: the calls of a batch happen together or not at all."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import entries_of, wallet_calls
from synthetic.core.history import History, LedgerEntry, WalletCall
from synthetic.core.outcome import StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """Compare what became of the calls of each batch, and what the ledger has of them."""
    batches: dict[tuple[str, str], dict[str, WalletCall]] = {}
    for call in wallet_calls(history, "bet", "win", "rollback"):
        if call.batch:  # of a batch that is sent again, the first sending counts
            batches.setdefault((call.provider, call.batch), {}).setdefault(call.transaction, call)
    whole = {name: list(calls.values()) for (_, name), calls in batches.items() if len(calls) > 1}
    if not whole:
        return None
    gained = history.new_ledger_entries()
    return tuple(finding for name, calls in whole.items() if (finding := _judge_batch(name, calls, gained)))


def _judge_batch(name: str, calls: list[WalletCall], gained: tuple[LedgerEntry, ...] | None) -> Finding | None:
    ends = {call.outcome for call in calls}
    if {StepOutcome.DONE, StepOutcome.REFUSED} <= ends:
        refused = next(call for call in calls if call.outcome is StepOutcome.REFUSED)
        return platform(f"batch {name} was done in part: {refused.action} {refused.transaction} of it was refused")
    moving = [call for call in calls if call.amount.minor and not call.free and _names_its_posting(call)]
    if gained is None or not moving:
        return None
    posted = [call for call in moving if _is_posted(call, gained)]
    if posted and (len(posted) < len(moving) or StepOutcome.REFUSED in ends):
        return platform(f"batch {name} has {len(moving)} calls that move money, and {len(posted)} of them were posted")
    return None


def _names_its_posting(call: WalletCall) -> bool:
    """A rollback may have nothing to give back, and a win may leave it to the wallet which bet it belongs to."""
    return call.action == "bet" or (call.action == "win" and bool(call.reference))


def _is_posted(call: WalletCall, gained: tuple[LedgerEntry, ...]) -> bool:
    reference = call.transaction if call.action == "bet" else call.reference
    return any(entry.amount.minor for entry in entries_of(gained, reference, call.action)) or any(
        entry.key == call.transaction and entry.kind == call.action for entry in gained
    )


CHECK = Check("batch-is-atomic", (16,), "the calls of a batch happen together or not at all", judge)
