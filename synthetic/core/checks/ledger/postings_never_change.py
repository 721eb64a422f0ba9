"""Invariant 4: postings are immutable: what a statement has shown, every later one shows as it was."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.history import History, Ledger, LedgerEntry


def judge(history: History) -> tuple[Finding, ...] | None:
    """Hold each statement against the one before it. Of what none has shown nobody can say that it stayed."""
    pairs = [(before, after) for before, after in pairwise(history.of(Ledger)) if before.entries]
    if not pairs:
        return None
    return tuple(finding for before, after in pairs for finding in _changes(before, after))


def _changes(before: Ledger, after: Ledger) -> Iterator[Finding]:
    later = {entry.id: entry for entry in after.entries}
    for entry in before.entries:
        now = later.get(entry.id)
        if now is None:
            yield platform(f"posting {entry.id} ({_said(entry)}) is gone from the statement of step {after.step}")
        elif now != entry and _said(now) != _said(entry):
            yield platform(f"posting {entry.id} was {_said(entry)}, and is {_said(now)} in step {after.step}")


def _said(entry: LedgerEntry) -> str:
    after = "" if entry.balance_after is None else f", then {entry.balance_after}"
    return f"{entry.kind} {entry.amount} for {entry.reference} in {entry.bucket}{after}"


CHECK = Check("postings-never-change", (4,), "a posting that was shown stays as it was", judge)
