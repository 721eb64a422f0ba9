"""Invariant 48: resuming a session never duplicates a bet."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import cash_of
from synthetic.core.history import Bet, Frame, History
from synthetic.core.outcome import StepOutcome

ACKED = ("bet_ack",)
RESUMED = ("welcome", "resync")


def judge(history: History) -> tuple[Finding, ...] | None:
    """In a session that was resumed, one request has one bet: in every frame, in every answer, and in the ledger."""
    resumed = _resumed(history)
    bets: dict[str, set[str]] = {}
    for frame in history.of(Frame):
        if frame.session in resumed and frame.type in ACKED and frame.req_id and frame.bet:
            bets.setdefault(frame.req_id, set()).add(frame.bet)
    for bet in history.of(Bet) if resumed else ():
        if bet.key in bets and bet.outcome is StepOutcome.DONE and bet.reference:
            bets[bet.key].add(bet.reference)
    if not bets:
        return None
    gained = history.new_ledger_entries() or ()
    findings = []
    for req_id, references in bets.items():
        debits = [entry for reference in references for entry in cash_of(gained, reference, "bet")]
        by_key = [entry for entry in gained if entry.key == req_id and entry.kind == "bet"]
        posted = len({entry.id for entry in (*debits, *by_key)})
        if len(references) > 1:
            named = " and ".join(sorted(references))
            findings.append(platform(f"after a resume, request {req_id} has {len(references)} bets: {named}"))
        elif posted > 1:
            findings.append(platform(f"after a resume, request {req_id} was debited {posted} times"))
    return tuple(findings)


def _resumed(history: History) -> set[str]:
    """The sessions that were joined more than once."""
    joins = [frame.session for frame in history.of(Frame) if frame.type in RESUMED]
    return {session for session in joins if joins.count(session) > 1}


CHECK = Check("resume-repeats-no-bet", (48,), "resuming a session never duplicates a bet", judge)
