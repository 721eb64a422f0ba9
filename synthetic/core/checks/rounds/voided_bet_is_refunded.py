"""Invariant 17: the bet of a void round is refunded, and a void round pays no win."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.checks.amounts import written
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import entries_of, nets, rounds
from synthetic.core.history import History, LedgerEntry


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every round that ended VOID: the stake came back, and nothing was won."""
    gained = history.new_ledger_entries()
    void = {fact.reference: fact for fact in rounds(history) if fact.state == "VOID"}
    if gained is None or not void:
        return None
    return tuple(finding for reference in void for finding in _judge_round(reference, gained))


def _judge_round(reference: str, gained: tuple[LedgerEntry, ...]) -> Iterator[Finding]:
    own = entries_of(gained, reference, "bet", "rollback", "win")
    won = any(entry.kind == "win" and entry.amount.minor > 0 for entry in own)
    for currency, minor in nets(own).items():
        if minor < 0:
            lost = written(-minor, currency)
            yield platform(f"the round of bet {reference} is void, and {lost} of its stake did not come back")
        elif won:  # a refund that is too high is the law refund-at-most-stake
            yield platform(f"the round of bet {reference} is void, and the player won {written(minor, currency)} in it")


CHECK = Check("voided-bet-is-refunded", (17,), "the bet of a void round is refunded, and nothing is won in it", judge)
