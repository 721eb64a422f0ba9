"""What a merchant does at a PSP of style `intents`: payments, refunds and payouts, all of them again, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from synthetic.conformance.answers import json_object
from synthetic.conformance.psp.merchant import Said
from synthetic.contracts.laws.psp_intents import model
from synthetic.contracts.laws.psp_intents.model import Expected, KnownPayment
from synthetic.contracts.laws.psp_intents.play import IntentsPlay

INTENTS, PAYOUTS = "payment_intents", "payouts"
REFUSED_DELIVERIES = 2


def pay(play: IntentsPlay, *, confirm: bool) -> KnownPayment | None:
    """A payment with a good instrument."""
    said = play.post(
        f"/{INTENTS}", play.psp.intent(confirm=confirm), model.done("success-has-its-object", "a plain payment")
    )
    return _made(play, INTENTS, said, said.id, play.psp.terms.good)


def pay_declined(play: IntentsPlay) -> KnownPayment | None:
    """A payment with an instrument that the issuer declines: a 402 that says so, and the payment wants another one."""
    method = play.psp.terms.declined
    assert method is not None, "rules of declined instruments have one"
    expected = model.refused("decline-returns", "a payment with a declined instrument", "card_declined", status=402)
    said = play.post(f"/{INTENTS}", play.psp.intent(method=method), expected)
    about = said.error.get("payment_intent")
    made = str(about.get("id") or "") if isinstance(about, dict) else ""
    if said.status == 402 and not (made and said.error.get("decline_code")):
        play.evidence.breach("decline-returns", "a decline says neither why nor of which payment", said.exchange)
    payment = _made(play, INTENTS, said, made, method)
    if payment is not None:
        play.look(payment)
        if payment.state != "requires_payment_method":
            play.evidence.breach("decline-returns", f"a declined payment is {payment.state}", said.exchange)
    return payment


def pay_failing(play: IntentsPlay) -> KnownPayment | None:
    """A payment that fails while it is processed."""
    method = play.psp.terms.failing
    assert method is not None, "rules of failing instruments have one"
    expected = model.done("success-has-its-object", "a payment that will fail in processing")
    said = play.post(f"/{INTENTS}", play.psp.intent(method=method), expected)
    return _made(play, INTENTS, said, said.id, method)


def pay_out(play: IntentsPlay) -> KnownPayment | None:
    """A payout."""
    said = play.post(f"/{PAYOUTS}", play.psp.payout(), model.done("success-has-its-object", "a plain payout"))
    return _made(play, PAYOUTS, said, said.id, str(play.psp.terms.payout_to))


def confirm(play: IntentsPlay, payment: KnownPayment) -> None:
    """The confirmation of a payment, wherever it is by now."""
    play.look(payment)
    _told(play, payment, play.post(f"/{INTENTS}/{payment.id}/confirm", {}, model.confirmation_of(payment)))


def cancel(play: IntentsPlay, payment: KnownPayment) -> None:
    """The cancellation of a payment or a payout, wherever it is by now."""
    play.look(payment)
    said = play.post(f"/{payment.kind}/{payment.id}/cancel", {}, model.cancellation_of(payment))
    _told(play, payment, said)
    if said.status == 200 and said.state != "canceled":
        play.evidence.breach("ends-stay", f"{payment.id} was cancelled, and is {said.state}", said.exchange)


def refund(play: IntentsPlay, payment: KnownPayment, amount_minor: int) -> None:
    """A refund of so much of a payment that is at rest."""
    play.watch(payment)
    body = {"payment_intent": payment.id, "amount": amount_minor}
    said = play.post("/refunds", body, model.refund_of(payment, amount_minor))
    if said.status == 200 and said.id:
        payment.refunds[said.key] = amount_minor
        if said.body.get("amount") != amount_minor:
            told = f"a refund of {amount_minor} was answered as one of {said.body.get('amount')}"
            play.evidence.breach("refund-at-most-paid", told, said.exchange)


def repeat(play: IntentsPlay, number: int) -> None:
    """A request that was answered, again under its key: the same answer, status, object and all."""
    first = play.posts[number % len(play.posts)]
    again = play.stage.play(play.psp.repeat(first, "the same again, under its key"))
    again = play.stage.play(play.psp.persist(again, "the same again, under its key"))
    expected = Expected("same-call-moves-once", "the same again, under its key", frozenset({first.status}))
    play.weigh(again, expected)
    made = next((payment for payment in play.payments if payment.key == first.key), None)
    if made is not None:
        play.tell_made(made, again)
    if again.proves and again.status == first.status and dict(again.body) != dict(first.body):
        told = f"the first answer under key {first.key} was {first.told} {first.id}, the second is another ({again.id})"
        play.evidence.breach("replay-returns-stored-id", told, first.exchange, again.exchange)


def change(play: IntentsPlay, payment: KnownPayment) -> None:
    """Another amount under the key of a payment: refused as `idempotency_error`."""
    if payment.kind == PAYOUTS:
        body = play.psp.payout() | {"amount": payment.amount_minor * 2}
    else:
        body = play.psp.intent(confirm=False, amount=play.amount + play.amount)
    expected = model.refused("changed-replay-is-rejected", "another amount under a used key", "idempotency_error")
    said = play.post(f"/{payment.kind}", body, expected, key=payment.key)
    play.tell_made(replace(payment, amount_minor=payment.amount_minor * 2), said)


def look(play: IntentsPlay, payment: KnownPayment) -> None:
    """A look at a payment."""
    play.look(payment)


def look_up(play: IntentsPlay, payment: KnownPayment) -> None:
    """The look-up by its key finds it and nothing else; by a key that nobody used, nothing."""
    found = play.stage.play(play.psp.get(f"/{payment.kind}", "look-up by its key", idempotency_key=payment.key))
    none = play.stage.play(
        play.psp.get(f"/{payment.kind}", "look-up by an unused key", idempotency_key=play.psp.new_id())
    )
    for said, wanted in ((found, [payment.id]), (none, [])):
        data = said.body.get("data")
        ids = [str(one.get("id")) for one in data if isinstance(one, dict)] if isinstance(data, list) else None
        if ids != wanted:
            told = f"a look-up by key was answered {said.told} with {ids}, and there is {wanted}"
            play.evidence.breach("look-up-by-key", told, said.exchange)


def under_wrong_key(play: IntentsPlay) -> None:
    """A payment under an API key that nobody has: refused."""
    stranger = replace(play.psp, api_key=play.psp.new_id())
    said = play.stage.play(stranger.insist(f"/{INTENTS}", play.psp.intent(), "payment under a wrong API key"))
    play.weigh(
        said, Expected("bad-signature-changes-nothing", "a payment under a wrong API key", frozenset({401, 403}))
    )


def invalid(play: IntentsPlay) -> None:
    """An amount below zero, and a good request under the same key: refused, and executed."""
    bad = play.psp.intent(confirm=False) | {"amount": -1}
    refusal = model.refused("invalid-is-not-stored", "a payment of less than nothing")
    first = play.post(f"/{INTENTS}", bad, refusal, key=play.psp.new_id())
    expected = model.done("invalid-is-not-stored", "a good payment, under the key of one that did not validate,")
    said = play.post(f"/{INTENTS}", play.psp.intent(confirm=False), expected, key=first.key)
    _made(play, INTENTS, said, said.id, play.psp.terms.good)


def refuse_webhooks(play: IntentsPlay, payment: KnownPayment) -> None:
    """The next deliveries about a payment are answered 500: they have to come again."""
    if play.inbox is not None:
        play.inbox.refuse(payment.id, REFUSED_DELIVERIES)


def _made(play: IntentsPlay, kind: str, said: Said, id_: str, method: str) -> KnownPayment | None:
    """Remember what was made."""
    if not id_:
        if said.status == 200:
            play.evidence.breach("success-has-its-object", "HTTP 200 without what was asked for", said.exchange)
        return None
    reference = _reference(said)
    payment = KnownPayment(kind, id_, said.key, reference, play.amount.minor, method)
    play.payments.append(payment)
    play.tell_made(payment, said)
    if said.status == 200:
        play.saw(payment, said)
        _judge_echo(play, said)
    return payment


def _told(play: IntentsPlay, payment: KnownPayment, said: Said) -> None:
    if said.status == 200:
        play.saw(payment, said)


def _judge_echo(play: IntentsPlay, said: Said) -> None:
    """What the merchant gave along comes back as it was."""
    asked, told = _asked(said), said.body
    for name in ("metadata", "payment_method", "destination"):
        if name in asked and name in told and told[name] != asked[name]:
            sentence = f"{name} was given as {asked[name]!r}, and is told as {told[name]!r}"
            play.evidence.breach("success-has-its-object", sentence, said.exchange)


def _reference(said: Said) -> str:
    metadata = _asked(said).get("metadata")
    return str(metadata.get("reference", "")) if isinstance(metadata, dict) else ""


def _asked(said: Said) -> Mapping[str, Any]:
    return json_object(said.exchange.request.body) or {}
