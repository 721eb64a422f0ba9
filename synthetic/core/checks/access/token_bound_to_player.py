"""Invariant 40: a token is bound to its player: nobody sees or plays with another one's."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import cash_of, wallet_calls
from synthetic.core.history import Access, History
from synthetic.core.outcome import StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """What was asked about somebody else, and every bet with somebody else's token, has to be refused."""
    asked = [fact for fact in history.of(Access) if fact.asked_by and fact.about and fact.asked_by != fact.about]
    bets = [call for call in wallet_calls(history, "bet") if call.token == "foreign"]  # noqa: S105 - a state
    if not asked and not bets:
        return None
    findings = [
        platform(f"player {fact.asked_by} was given what belongs to player {fact.about} (step {fact.step})")
        for fact in asked
        if fact.outcome is StepOutcome.DONE
    ]
    gained = history.new_ledger_entries() or ()
    findings += [
        platform(f"bet {call.transaction} with the token of another player was accepted")
        for call in bets
        if call.outcome is StepOutcome.DONE or cash_of(gained, call.transaction, "bet")
    ]
    return tuple(findings)


CHECK = Check("token-bound-to-player", (40,), "a token gives access to its own player only", judge)
