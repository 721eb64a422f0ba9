"""Webhooks: they come, are signed, are sent again until they are taken, and tell what the API tells."""

from __future__ import annotations

from collections.abc import Callable

from synthetic.conformance.laws import Law
from synthetic.conformance.psp.inbox import Delivery, Inbox, signature_fault
from synthetic.conformance.psp.merchant import LOOK_EVERY_S, Merchant
from synthetic.conformance.stories import Breach, Exchange, NotTestable, Story, wait
from synthetic.core.effects import Http, HttpReply, Times

REFUSALS = 2
SUCCEEDED, FAILED = "payment_intent.succeeded", "payment_intent.payment_failed"


def webhook_comes(psp: Merchant) -> Story[Breach | None]:
    """A payment that succeeded is told of, and so is one that was declined."""
    inbox = _inbox(psp)
    paid = yield from psp.paid()
    came = yield from _until(psp, lambda: _of(inbox, paid.id, SUCCEEDED))
    if not came:
        message = f"no {SUCCEEDED} came within {psp.terms.settles_within_s:g} s of a payment that succeeded"
        return Breach(message, (paid.exchange,))
    if psp.terms.declined is not None:
        said = yield from psp.insist(
            "/payment_intents", psp.intent(method=psp.terms.declined), "payment that is declined"
        )
        declined = psp.intents[-1]
        told = yield from _until(psp, lambda: _of(inbox, declined, FAILED))
        if said.status == 402 and not told:
            message = f"no {FAILED} came within {psp.terms.settles_within_s:g} s of a payment that was declined"
            return Breach(message, (said.exchange,))
    return None


def webhook_is_signed(psp: Merchant) -> Story[Breach | None]:
    """Every delivery is signed over its raw body, under our secret and at our time."""
    inbox = _inbox(psp)
    paid = yield from psp.paid()
    came = yield from _until(psp, lambda: inbox.about(paid.id))
    if not came:
        raise NotTestable("no webhook came that could be looked at")
    for delivery in came:
        fault = signature_fault(inbox.secret, delivery)
        if fault is not None:
            return Breach(f"a webhook is not signed as it has to be: {fault}", (_shown(delivery),))
    return None


def webhook_is_repeated(psp: Merchant) -> Story[Breach | None]:
    """An event whose first deliveries are answered 500 comes again, with the same id and body, until it is taken."""
    inbox = _inbox(psp)
    made = yield from psp.insist("/payment_intents", psp.intent(confirm=False), "payment, not confirmed")
    if not made.id:
        raise NotTestable(f"a plain payment was answered {made.told}")
    inbox.refuse(made.id, REFUSALS)
    yield from psp.insist(f"/payment_intents/{made.id}/confirm", {}, "confirm")
    came = yield from _until(psp, lambda: inbox.about(made.id))
    if not came:
        raise NotTestable("no webhook came that could be refused")
    taken = yield from _until(psp, lambda: [one for one in _same_event(inbox, came[0]) if one.answered == 200])
    attempts = _same_event(inbox, came[0])
    if not taken:
        message = f"an event that was answered 500 came {len(attempts)} times within {psp.terms.settles_within_s:g} s"
        return Breach(message, tuple(_shown(one) for one in attempts[:2]))
    if len({(one.event_id, one.raw) for one in attempts}) > 1:
        return Breach(
            "an event that was sent again is not the same: its id or body differs",
            tuple(_shown(one) for one in attempts[:2]),
        )
    return None


def webhook_agrees(psp: Merchant) -> Story[Breach | None]:
    """Events tell what the API tells: the amount that was paid, and no success of what was declined or never confirmed."""
    inbox = _inbox(psp)
    declined = ""
    if psp.terms.declined is not None:
        yield from psp.insist("/payment_intents", psp.intent(method=psp.terms.declined), "payment that is declined")
        declined = psp.intents[-1] if psp.intents else ""
    paid = yield from psp.paid()
    came = yield from _until(psp, lambda: _of(inbox, paid.id, SUCCEEDED))
    if not came:
        raise NotTestable(f"no {SUCCEEDED} came that could be compared")
    told = came[0].subject
    differs = [name for name in ("amount", "currency", "status") if told.get(name) != paid.body.get(name)]
    if differs:
        return Breach(f"the event and the API differ in {', '.join(differs)}", (paid.exchange, _shown(came[0])))
    wrong = _of(inbox, declined, SUCCEEDED) if declined else ()
    if wrong:
        return Breach("an event tells of the success of a payment that was declined", (_shown(wrong[0]),))
    ids = [one.event_id for one in inbox.all()]
    psp.knobs["duplicate_webhooks"] = "seen" if len(ids) > len(set(ids)) else "not seen"
    return None


def _inbox(psp: Merchant) -> Inbox:
    if psp.inbox is None:
        raise NotTestable("give --webhook-secret and --webhook-url (or --register), so that webhooks reach us")
    return psp.inbox


def _until(psp: Merchant, look: Callable[[], object]) -> Story[tuple[Delivery, ...]]:
    """Wait until there is something to see; nothing, where the time is over."""
    for _ in range(int(psp.terms.settles_within_s / LOOK_EVERY_S)):
        if look():
            break
        yield from wait(LOOK_EVERY_S)
    seen = look()
    assert isinstance(seen, tuple | list), "looks see deliveries"
    return tuple(seen)


def _of(inbox: Inbox, subject: str, kind: str) -> tuple[Delivery, ...]:
    return tuple(one for one in inbox.about(subject) if one.kind == kind)


def _same_event(inbox: Inbox, first: Delivery) -> tuple[Delivery, ...]:
    """The deliveries of one event; by its type, as the id is what has to be the same."""
    subject = str(first.subject.get("id", ""))
    return tuple(one for one in inbox.about(subject) if one.kind == first.kind)


def _shown(delivery: Delivery) -> Exchange:
    """A delivery as an exchange, with the PSP as the one who asks."""
    headers = tuple(
        (name, value) for name, value in delivery.headers.items() if name in ("content-type", "stripe-signature")
    )
    at_ns = int(delivery.at_s * 1e9)
    answer = HttpReply(delivery.answered, (), b"", Times(at_ns, at_ns, at_ns, at_ns))
    return Exchange(f"webhook {delivery.kind}", Http("POST", "(our receiver)", headers, delivery.raw), answer)


LAWS: tuple[Law[Merchant], ...] = (
    Law(0, "webhook-comes", "what happened is told by a webhook", webhook_comes),
    Law(39, "webhook-is-signed", "a webhook is signed over its raw body, now", webhook_is_signed),
    Law(0, "webhook-is-repeated", "a webhook is sent again until it is taken", webhook_is_repeated),
    Law(0, "webhook-agrees", "webhooks tell what the API tells", webhook_agrees),
)
