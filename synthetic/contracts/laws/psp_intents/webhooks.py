"""What a PSP told by webhooks in one play: that it came, is signed, was repeated until it was taken, and is true."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from synthetic.conformance.psp.inbox import Delivery, Inbox, signature_fault
from synthetic.conformance.psp.notifications import FAILED, SUCCEEDED
from synthetic.conformance.psp.states import INTENT, PAYOUT, first_illegal
from synthetic.conformance.stories import Exchange
from synthetic.contracts.laws.psp_intents.model import KnownPayment
from synthetic.core.effects import Http, HttpReply, Times

if TYPE_CHECKING:
    from synthetic.contracts.laws.psp_intents.play import IntentsPlay

_LOOK_EVERY_S = 0.02
_OWED = {"succeeded": SUCCEEDED, "requires_payment_method": FAILED, "paid": "payout.paid", "failed": "payout.failed"}
"""The event that a payment's rest is told by."""


def judge_webhooks(play: IntentsPlay) -> None:
    """Wait until everything has come and was taken, or the time is over; then judge each delivery."""
    inbox = play.inbox
    if inbox is None:
        return
    deadline_s = time.monotonic() + play.psp.terms.settles_within_s
    while any(_missing(inbox, payment) for payment in play.payments) and time.monotonic() < deadline_s:
        time.sleep(_LOOK_EVERY_S)
    for payment in play.payments:
        missing = _missing(inbox, payment)
        if missing:
            law, sentence = missing
            play.evidence.breach(law, sentence, *(shown(one) for one in inbox.about(payment.id)[:2]))
        for law, sentence, delivery in _faults(inbox, payment, play.amount.currency):
            play.evidence.breach(law, sentence, shown(delivery))


def _missing(inbox: Inbox, payment: KnownPayment) -> tuple[str, str] | None:
    """The law and the sentence of what should have come about a payment, and has not."""
    about = inbox.about(payment.id)
    owed = _OWED.get(payment.state, "")
    if owed and not any(one.kind == owed for one in about):
        return "webhook-comes", f"{payment.id} is {payment.state}, and no {owed} has come"
    refunds = {one.event_id for one in about if one.kind == "charge.refunded"}
    if len(refunds) < len(payment.refunds):
        return (
            "webhook-comes",
            f"{payment.id} was refunded {len(payment.refunds)} times, and {len(refunds)} events say so",
        )
    for kind, event in {(one.kind, one.event_id) for one in about if one.answered != 200}:
        if not any(one.event_id == event and one.answered == 200 for one in about):
            return "webhook-is-repeated", f"event {event} ({kind}) was answered 500, and has not come again"
    return None


def _faults(inbox: Inbox, payment: KnownPayment, currency: str) -> Iterator[tuple[str, str, Delivery]]:
    about = inbox.about(payment.id)
    first: dict[str, Delivery] = {}
    for one in about:
        fault = signature_fault(inbox.secret, one)
        if fault:
            yield "raw-bytes-are-signed", f"{one.kind} is not signed as it has to be: {fault}", one
        before = first.setdefault(one.event_id, one)
        if before.raw != one.raw:
            yield "webhook-is-repeated", f"event {one.event_id} came again and is not the same", one
        told = (one.subject.get("amount"), str(one.subject.get("currency", "")).upper())
        if told != (payment.amount_minor, currency):
            yield "webhook-agrees", f"{one.kind} tells {told[0]} {told[1]} of a payment of {payment.amount_minor}", one
        metadata = one.subject.get("metadata")
        if not isinstance(metadata, dict) or metadata.get("reference") != payment.reference:
            yield "webhook-agrees", f"{one.kind} does not carry the reference that the payment was made with", one
    yield from _lives(payment, list(first.values()))


def _lives(payment: KnownPayment, events: list[Delivery]) -> Iterator[tuple[str, str, Delivery]]:
    """The events of a payment, in the order in which the PSP made them, are a life that its table has."""
    table = INTENT if payment.kind == "payment_intents" else PAYOUT
    # Times are whole seconds; in one of them the event that leaves more to come is the earlier one.
    made = sorted(events, key=lambda one: (_created(one), -len(table.get(_state(one), ()))))
    succeeded = [one for one in made if one.kind in (SUCCEEDED, "payout.paid")]
    is_lie = payment.state != "succeeded" if payment.kind == "payment_intents" else payment.state == "canceled"
    if succeeded and is_lie:
        yield "webhook-agrees", f"{succeeded[0].kind} of a payment that is {payment.state}", succeeded[0]
    if len(succeeded) > 1:
        yield "webhook-agrees", f"the success of {payment.id} was told by {len(succeeded)} events", succeeded[1]
    illegal = first_illegal(table, [_state(one) for one in made])
    if illegal:
        yield "states-follow-their-table", f"the events about {payment.id} tell that it went {illegal}", made[-1]


def _created(one: Delivery) -> int:
    made = one.event.get("created")
    return made if isinstance(made, int) else 0


def _state(one: Delivery) -> str:
    return str(one.subject.get("status", ""))


def shown(delivery: Delivery) -> Exchange:
    """A delivery as an exchange, with the PSP as the one who asks."""
    at_ns = int(delivery.at_s * 1e9)
    answer = HttpReply(delivery.answered, (), b"", Times(at_ns, at_ns, at_ns, at_ns))
    headers = tuple((name, value) for name, value in delivery.headers.items() if name == "content-type")
    return Exchange(f"webhook {delivery.kind}", Http("POST", "(our receiver)", headers, delivery.raw), answer)
