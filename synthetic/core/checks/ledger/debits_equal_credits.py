"""Invariant 1: the legs of every journal entry add up to nothing, in each currency."""

from __future__ import annotations

from synthetic.core.checks.amounts import in_words, sums
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.history import DoubleEntry, History
from synthetic.core.money import Money


def judge(history: History) -> tuple[Finding, ...] | None:
    """Add up the legs of each entry of the journal, as it was last read."""
    journals = [journal for journal in history.of(DoubleEntry) if journal.entries]
    if not journals:
        return None
    legs: dict[str, list[Money]] = {}
    for line in journals[-1].entries:
        legs.setdefault(line.entry, []).append(line.amount)
    return tuple(
        platform(f"the debits and credits of journal entry {entry} differ by {in_words(left)}")
        for entry, amounts in legs.items()
        if (left := sums(amounts))
    )


CHECK = Check("debits-equal-credits", (1,), "the debits of a journal entry are its credits, in each currency", judge)
