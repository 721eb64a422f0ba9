"""What became of requests that were not signed as they have to be; shared by the two laws about signatures."""

from __future__ import annotations

from collections.abc import Sequence

from synthetic.core.checks.finding import Finding, platform
from synthetic.core.checks.payments.statements import has_notified, is_captured, psp_entries
from synthetic.core.checks.postings import entries_of, wallet_calls
from synthetic.core.history import Fact, History, LedgerEntry, Notification, Tampered, WalletCall
from synthetic.core.outcome import StepOutcome

Told = tuple[Fact, str, str]
"""The fact, its signature, and the reference under which it would have posted."""

# What the platform posts when it obeys an event, and the line of the PSP's report that shows that the event is true.
_POSTS = {
    "captured": ("deposit",),
    "refunded": ("refund",),
    "paid": ("withdraw_paid",),
    "failed": ("withdraw_release", "refund_failed"),
    "payout_failed": ("payout_failed", "withdraw_release"),
    "chargeback": ("chargeback",),
}
_REPORTED_AS = {
    "refunded": "refund",
    "paid": "payout",
    "payout_failed": "payout_reversal",
    "chargeback": "chargeback",
}


def changes_by(history: History, signatures: Sequence[str], words: str) -> tuple[Finding, ...] | None:
    """What requests with one of these signatures have changed; None where none was sent, or nothing was read of it."""
    sent = [told for told in _sent(history) if told[1] in signatures]
    gained = history.new_ledger_entries()
    accepted = [told for told in sent if isinstance(told[0], WalletCall) and told[0].outcome is StepOutcome.DONE]
    if not sent or (gained is None and not accepted):
        return None
    findings = []
    for fact, signature, reference in {(told[2], told[1]): told for told in sent}.values():
        said = words.format(signature=signature)
        posted = _posted(history, fact, reference, gained or ())
        findings += [platform(f"{said} has posted {entry.amount} under {reference}") for entry in posted]
        if not posted and (fact, signature, reference) in accepted:
            findings.append(platform(f"{said} was accepted: {reference}"))
    return tuple(findings)


def _sent(history: History) -> list[Told]:
    told: list[Told] = []
    for fact in history.facts:
        if (isinstance(fact, Tampered) and fact.reference) or (isinstance(fact, Notification) and fact.reference):
            told.append((fact, fact.signature, fact.reference))
        elif isinstance(fact, WalletCall) and fact.transaction:
            told.append((fact, fact.signature, fact.transaction))
    return told


def _posted(history: History, fact: Fact, reference: str, gained: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """The postings that nothing but this request explains."""
    if isinstance(fact, Notification):
        return [] if _is_explained(history, fact) else entries_of(gained, reference, *_POSTS.get(fact.event, ()))
    if isinstance(fact, WalletCall):
        if any(call.transaction == reference for call in wallet_calls(history, fact.action)):
            return []  # the same call, signed as it has to be, was sent, too
        if fact.action == "bet":
            return entries_of(gained, reference, "bet")
        return [entry for entry in gained if entry.key == reference]
    return [entry for entry in gained if entry.reference == reference]


def _is_explained(history: History, forged: Notification) -> bool:
    """Whether something else may have told the platform the same, and rightly: a good notification, or the PSP's answer.

    Without a report nobody can tell; then a forged event counts where it was accepted. A payment that is captured in due course
    has been told of by its PSP, whether we have seen that or not: of a capture the report has to say no.
    """
    if forged.event == "captured":
        return is_captured(history, forged.reference) is not False
    if has_notified(history, forged.reference, forged.event):
        return True
    reported = psp_entries(history, forged.reference, _REPORTED_AS.get(forged.event, ""))
    if reported is None or forged.event not in _REPORTED_AS:
        return forged.outcome is not StepOutcome.DONE
    return bool(reported)
