"""Invariant 37: platform = PSP report; each payment stands once on both sides, with one amount."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.checks.amounts import listed
from synthetic.core.checks.finding import Check, Finding
from synthetic.core.checks.payments.known import Unanswered, by_reference, known_before, named_payments, posted
from synthetic.core.checks.payments.statements import (
    ACKNOWLEDGED,
    credits_of,
    deposits,
    has_notified,
    was_notified,
    withdrawals,
)
from synthetic.core.history import Deposit, History, Ledger, PspEntry, PspEvents, Withdrawal
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, StepOutcome

_BACK = {"payout": "payout_reversal", "capture": "refund"}


def judge(history: History) -> tuple[Finding, ...] | None:
    """Hold every payment that came to its end against what the PSP's report gained under its reference, and the other way round.

    A payment that the run does not know may be one that an earlier run began: then the ledger or the first report has it.
    """
    gained = history.new_psp_entries()
    if gained is None:
        return None
    ended = [d for d in deposits(history).values() if d.state in ("succeeded", "declined", "failed")]
    out = [w for w in withdrawals(history).values() if w.state in ("paid", "failed", "cancelled")]
    findings = [_compare(history, gained, d) for d in ended] + [_compare(history, gained, w) for w in out]
    return (*(finding for finding in findings if finding is not None), *_nobodys(history, gained))


def _nobodys(history: History, gained: tuple[PspEntry, ...]) -> Iterator[Finding]:
    """What the PSP moved for a payment that the platform has not; without a ledger nobody can say what it has."""
    if not history.of(Ledger):
        return
    known = named_payments(history) | posted(history) | known_before(history)
    for kind, direction in (("capture", "in"), ("payout", "out")):
        unanswered = Unanswered(history, direction)
        for reference, entry in by_reference(gained, kind).items():
            returned = _is_returned(gained, kind, reference, entry.amount)
            if reference not in known and not returned and not unanswered.takes(entry.amount):
                yield Finding(
                    f"the PSP reports a {kind} of {entry.amount} for {reference}, a payment that the platform does not have",
                    _blame_of_unknown(history, reference),
                )


def _blame_of_unknown(history: History, reference: str) -> Blame:
    """The platform's, if it asked for it or was told of it; the PSP's, if its own log has no request for it."""
    lines = [line for log in history.of(PspEvents) for line in log.entries]
    mine = [line for line in lines if line.reference == reference and line.signature == "good"]
    if any(line.status in ACKNOWLEDGED for line in mine):
        return Blame.PLATFORM
    return Blame.PSP if any(line.event == "request" for line in lines) else Blame.UNKNOWN


def _stands(payment: Deposit | Withdrawal) -> bool:
    """Whether the platform says that it has taken place."""
    return payment.outcome is StepOutcome.DONE and payment.state in ("succeeded", "paid")


def _compare(history: History, gained: tuple[PspEntry, ...], payment: Deposit | Withdrawal) -> Finding | None:
    kind = "capture" if isinstance(payment, Deposit) else "payout"
    own = [e.amount for e in gained if e.kind == kind and e.reference == payment.reference]
    wanted = [payment.amount] if _stands(payment) else []
    if own == wanted or (not wanted and own == [payment.amount] and _was_returned(gained, payment)):
        return None
    has = f"one of {payment.amount}" if wanted else "none"
    return Finding(
        f"the PSP reports {len(own)} {kind}s ({listed(own)}) for {payment.reference}; the platform has {has}",
        _blame(history, payment, own),
    )


def _was_returned(gained: tuple[PspEntry, ...], payment: Deposit | Withdrawal) -> bool:
    """What the platform does not have went back: a payout that failed late, a capture that came too late."""
    kind = "payout" if isinstance(payment, Withdrawal) else "capture"
    return _is_returned(gained, kind, payment.reference, payment.amount)


def _is_returned(gained: tuple[PspEntry, ...], kind: str, reference: str, moved: Money) -> bool:
    back = [e.amount for e in gained if e.kind == _BACK[kind] and e.reference == reference]
    return [(abs(amount.minor), amount.currency) for amount in back] == [(moved.minor, moved.currency)]


def _blame(history: History, payment: Deposit | Withdrawal, own: list[Money]) -> Blame:
    """Of a wrong amount the PSP's, unless the platform credited what it had asked for all the same.

    Of a line that lacks the PSP's, where it notified what its report does not have; of one too many the platform's, which
    has to ask under one key, unless the PSP never told it of the one that there is.
    """
    event = "captured" if isinstance(payment, Deposit) else "paid"
    if len(own) > 1:
        return Blame.PLATFORM
    if not own:
        return Blame.PSP if has_notified(history, payment.reference, event) else Blame.PLATFORM
    if _stands(payment):
        return _blame_of_amount(history, payment, own[0])
    if own[0] != payment.amount:
        return Blame.PSP  # it moved what nobody had asked for, and the platform did not take it
    told = was_notified(history, payment.reference, event)
    return Blame.PSP if not told and has_notified(history, payment.reference, "failed") else Blame.PLATFORM


def _blame_of_amount(history: History, payment: Deposit | Withdrawal, moved: Money) -> Blame:
    gained = history.new_ledger_entries()
    if isinstance(payment, Withdrawal) or gained is None:
        credited = payment.credited if isinstance(payment, Deposit) else None
        return Blame.PSP if credited == moved else Blame.PLATFORM
    amounts = [entry.amount for entry in credits_of(gained, payment.reference)]
    return Blame.PLATFORM if amounts == [payment.amount] else Blame.PSP


CHECK = Check("psp-report-matches", (37,), "platform and PSP report agree on every payment", judge)
