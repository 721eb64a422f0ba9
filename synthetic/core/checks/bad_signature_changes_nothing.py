"""Invariant 38: a request with a bad signature changes nothing."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.history import History, Tampered
from synthetic.core.outcome import Blame


def judge(history: History) -> tuple[Finding, ...] | None:
    """No posting may stand under the reference of a tampered request, whatever it was answered."""
    gained = history.new_ledger_entries()
    tampered = {fact.reference for fact in history.of(Tampered)}
    if gained is None or not tampered:
        return None
    posted = [entry for entry in gained if entry.reference in tampered]
    return tuple(
        Finding(
            f"a request with a bad signature has posted {entry.amount} under {entry.reference}",
            Blame.PLATFORM,
            (f"ledger {entry.id}: {entry.kind} {entry.amount}",),
        )
        for entry in posted
    )


CHECK = Check("bad-signature-changes-nothing", (38, 39), "a bad signature changes nothing", judge)
