"""Invariants 17 and 22: the bet of a void round is refunded, and a void round pays no win."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.checks.rollbacks import entries_of, lines, nets
from synthetic.core.history import History, LedgerEntry, Round
from synthetic.core.outcome import Blame


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every round that ended VOID: the stake came back, and nothing was won."""
    gained = history.new_ledger_entries()
    void = [fact for fact in history.of(Round) if fact.state == "VOID"]
    if gained is None or not void:
        return None
    return tuple(finding for fact in void for finding in _judge_round(fact, gained))


def _judge_round(fact: Round, gained: tuple[LedgerEntry, ...]) -> Iterator[Finding]:
    own = entries_of(gained, fact.reference, "bet", "rollback", "win")
    won = any(entry.kind == "win" and entry.amount.minor > 0 for entry in own)
    for net in nets(own):
        if net.minor < 0:
            message = f"the round of bet {fact.reference} is void, and {-net} of its stake did not come back"
            yield Finding(message, Blame.PLATFORM, lines(own))
        elif net.minor > 0 and won:  # a refund that is too high is the law refund-at-most-stake
            yield Finding(
                f"the round of bet {fact.reference} is void, and the player won {net} in it", Blame.PLATFORM, lines(own)
            )


CHECK = Check(
    "voided-bet-is-refunded", (17, 20, 22), "the bet of a void round is refunded, and nothing is won in it", judge
)
