"""Invariant 17: every bet is settled or rolled back within T.

A ledger does not show what the wallet refused, so it can't say that the provider never sent the end. Where nothing but the ledger
speaks it is `unknown` whose fault that is: the step that waited for the end knows more.
"""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.checks.order import is_timed
from synthetic.core.checks.postings import entries_of, rolled_back, rounds, wallet_calls
from synthetic.core.history import Bet, Fact, History, OpenItems, Round, WalletCall
from synthetic.core.outcome import Blame, StepOutcome

WITHIN_S = 5.0
"""T: how long a player waits for the end of a round that needs no further act of his."""

_OVER = ("WON", "LOST", "VOID")


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every acknowledged bet: the last word about its round, no sooner than T after the bet."""
    findings, judged = [], False
    given_back = rolled_back(history)
    for bet in {bet.reference: bet for bet in _bets(history)}.values():
        word = _last_word(history, bet)
        if word is None or bet.reference in given_back:
            judged = judged or bet.reference in given_back
        elif isinstance(word, Round) and word.state in _OVER:
            judged = True
        elif is_timed(bet) and is_timed(word) and word.received_ns - bet.received_ns >= WITHIN_S * 1e9:
            judged = True
            findings.append(_still_open(history, bet, word))
    return tuple(findings) if judged else None


def _bets(history: History) -> list[Bet]:
    return [bet for bet in history.of(Bet) if bet.outcome is StepOutcome.DONE and bet.reference]


def _last_word(history: History, bet: Bet) -> Round | OpenItems | None:
    """The last that was told of its round; a statement of open items tells of it only while it is open."""
    words = [fact for fact in rounds(history) if fact.reference == bet.reference]
    if words and words[-1].state in _OVER:
        return words[-1]
    names = {bet.reference, bet.round} - {""}
    listed = [s for s in history.of(OpenItems) if any(i.kind == "round" and i.reference in names for i in s.entries)]
    return listed[-1] if listed else words[-1] if words else None


def _still_open(history: History, bet: Bet, word: Fact) -> Finding:
    waited_s = (word.received_ns - bet.received_ns) / 1e9
    gained = history.new_ledger_entries()
    if any(
        call.reference == bet.reference and _ends(call) for call in wallet_calls(history, "win", "rollback", "close")
    ):
        blame, why = Blame.PLATFORM, "the provider has told the wallet its end"
    elif gained is None:
        blame, why = Blame.UNKNOWN, "there is no statement to say whether the provider has ended it"
    elif entries_of(gained, bet.reference, "rollback"):
        blame, why = Blame.PLATFORM, "the wallet has posted its end"
    elif entries_of(gained, bet.reference, "win"):
        blame, why = Blame.UNKNOWN, "the wallet has posted a win, which may be the last of it or not"
    else:
        blame, why = Blame.UNKNOWN, "the wallet has posted no end, and may have refused one"
    return Finding(f"the round of bet {bet.reference} is open {waited_s:.1f} s after the bet; {why}", blame)


def _ends(call: WalletCall) -> bool:
    """A win that was paid in part ends nothing; one that was refused is the wallet's doing all the same."""
    paid_in_part = call.action == "win" and call.amount.minor != 0 and not call.closes
    return not paid_in_part or call.outcome is StepOutcome.REFUSED


CHECK = Check("every-bet-ends", (17,), "every bet is settled or rolled back in time", judge)
