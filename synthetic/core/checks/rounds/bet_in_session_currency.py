"""Invariant 27: a round is played in the session's currency."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import entries_of, wallet_calls
from synthetic.core.history import History, LedgerEntry, WalletCall
from synthetic.core.outcome import StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """A bet or a win in another currency is refused, and what is posted under any is in the session's."""
    calls = [call for call in wallet_calls(history, "bet", "win") if call.currency and call.session_currency]
    if not calls:
        return None
    gained = history.new_ledger_entries() or ()
    right = {call.transaction for call in calls if call.currency == call.session_currency}
    return tuple(finding for call in calls for finding in _judge_call(call, gained, right))


def _judge_call(call: WalletCall, gained: tuple[LedgerEntry, ...], right: set[str]) -> Iterator[Finding]:
    told = f"{call.action} {call.transaction} in {call.currency}"
    if call.currency != call.session_currency and call.outcome is StepOutcome.DONE:
        yield platform(f"{told} was accepted in a session in {call.session_currency}")
    reference = call.transaction if call.action == "bet" else call.reference
    for entry in entries_of(gained, reference, call.action) if reference else ():
        if entry.amount.currency != call.session_currency:
            yield platform(f"{told} was posted as {entry.amount} in a session in {call.session_currency}")
        elif call.action == "bet" and call.outcome is not StepOutcome.DONE and call.transaction not in right:
            yield platform(
                f"{told} was not accepted in a session in {call.session_currency}, and posted {entry.amount}"
            )


CHECK = Check("bet-in-session-currency", (27,), "a round is played in the currency of its session", judge)
