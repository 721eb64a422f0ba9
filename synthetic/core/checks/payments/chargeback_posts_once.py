"""Invariant 36: a chargeback is posted once."""

from __future__ import annotations

from synthetic.core.checks.amounts import listed
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.payments.statements import psp_entries, was_notified
from synthetic.core.checks.postings import entries_of, last_statement
from synthetic.core.history import History, LedgerEntry, Notification, PspEvents
from synthetic.core.money import Money


def judge(history: History) -> tuple[Finding, ...] | None:
    """For every deposit that was charged back, however often that was told: one posting, of what the PSP took."""
    gained = history.new_ledger_entries()
    if gained is None:
        return None
    findings, judged = [], False
    for reference in _charged_back(history, gained):
        # The PSP's log is the player's whole one, and an old chargeback stands among the old postings.
        posted = [entry.amount for entry in entries_of(last_statement(history), reference, "chargeback")]
        if not posted and not was_notified(history, reference, "chargeback"):
            continue  # the PSP knows it; the platform may not yet
        judged = True
        taken = _taken(history, reference)
        if len(posted) != 1 or (taken is not None and posted != [-taken]):
            wanted = f"{-taken} once" if taken is not None else "one"
            findings.append(
                platform(
                    f"the chargeback of deposit {reference} was posted {len(posted)} times ({listed(posted)}), "
                    f"expected {wanted}"
                )
            )
    return tuple(findings) if judged else None


def _charged_back(history: History, gained: tuple[LedgerEntry, ...]) -> list[str]:
    lines = [line for record in history.of(PspEvents) for line in record.entries]
    told = [(line.event, line.reference) for line in lines if line.signature == "good"]
    told += [(sent.event, sent.reference) for sent in history.of(Notification) if sent.signature == "good"]
    told += [(entry.kind, entry.reference) for entry in history.new_psp_entries() or ()]
    told += [(entry.kind, entry.reference) for entry in gained]
    return list(dict.fromkeys(reference for kind, reference in told if kind == "chargeback" and reference))


def _taken(history: History, reference: str) -> Money | None:
    """What the PSP took, as its report has it; the sign differs from PSP to PSP."""
    entries = psp_entries(history, reference, "chargeback") or []
    return None if len(entries) != 1 else Money(abs(entries[0].amount.minor), entries[0].amount.currency)


CHECK = Check("chargeback-posts-once", (36,), "a chargeback is posted once, however often it is told", judge)
