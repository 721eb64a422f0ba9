"""What a PSP of style B asked and told in one play: in its order, signed, repeated until it was answered, and true."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from synthetic.contracts.laws.psp_notifications.client import money
from synthetic.contracts.laws.psp_notifications.desk import Call, Desk, auth_code, signature_fault
from synthetic.core.money import Money

if TYPE_CHECKING:
    from synthetic.contracts.laws.psp_notifications.play import KnownPayment, NotificationsPlay

COMES_WITHIN_S = 3.0
_LOOK_EVERY_S = 0.02
_ORDER = ("authorize", "transfer")
_OWED = {"successful": "transfer", "refunded": "transfer", "failed": "cancel"}
"""The call that a payment's end is told by."""

Fault = tuple[str, str, tuple[Call, ...]]


def judge_calls(play: NotificationsPlay) -> None:
    """Wait until everything was told and answered, or the time is over; then judge each call."""
    deadline_s = time.monotonic() + COMES_WITHIN_S
    while any(_missing(play.desk, payment) for payment in play.payments) and time.monotonic() < deadline_s:
        time.sleep(_LOOK_EVERY_S)
    for payment in play.payments:
        calls = play.desk.about(payment.key)
        missing = _missing(play.desk, payment)
        if missing:
            play.evidence.breach(*missing, *(call.exchange for call in calls[:2]))
        for law, sentence, shown in (*_told_wrongly(play, payment, calls), *_out_of_order(play, payment, calls)):
            play.evidence.breach(law, sentence, *(call.exchange for call in shown))


def _missing(desk: Desk, payment: KnownPayment) -> tuple[str, str] | None:
    """The law and the sentence of what should have come about a payment, and has not."""
    calls = desk.about(payment.key)
    owed = _OWED.get(payment.state, "")
    if owed and not any(call.name == owed for call in calls):
        return "webhook-comes", f"transaction {payment.id} is {payment.state}, and no {owed} has come"
    for name in {call.name for call in calls if call.answered != 200}:
        if not any(call.name == name and call.answered == 200 for call in calls):
            return "webhook-is-repeated", f"{name} of transaction {payment.id} was answered 500, and has not come again"
    return None


def _told_wrongly(play: NotificationsPlay, payment: KnownPayment, calls: tuple[Call, ...]) -> Iterator[Fault]:
    first: dict[str, Call] = {}
    wanted = Money(payment.sign * play.amount.minor, play.amount.currency)
    for call in (*calls, *play.desk.verifications(play.merchant.player)):
        fault = signature_fault(play.desk.secret, call)
        if fault:
            yield "raw-bytes-are-signed", f"{call.name} is not signed as it has to be: {fault}", (call,)
    for call in calls:
        before = first.setdefault(call.name, call)
        if before.facts != call.facts:
            yield (
                "webhook-is-repeated",
                f"{call.name} of transaction {payment.id} came again and is not the same",
                (before, call),
            )
        told = money(call.body.get("txAmount"), call.body.get("txAmountCy"))
        if told != wanted:
            shown = f"{call.body.get('txAmount')!r} {call.body.get('txAmountCy')!r}"
            yield "webhook-agrees", f"{call.name} tells {shown} of a payment of {wanted}", (call,)
        if (call.body.get("txId"), call.body.get("userId")) != (payment.id, play.merchant.player):
            yield "webhook-agrees", f"{call.name} is about another transaction or player than {payment.id}", (call,)
        attributes = call.body.get("attributes")
        if not isinstance(attributes, dict) or attributes.get("reference") != f"ref-{payment.key}":
            yield "webhook-agrees", f"{call.name} does not carry the reference that the payment was made with", (call,)


def _out_of_order(play: NotificationsPlay, payment: KnownPayment, calls: tuple[Call, ...]) -> Iterator[Fault]:
    """verifyuser, authorize, then transfer or cancel; and a transfer only of what we have authorized."""
    names = [call.name for call in calls]
    firsts = [names.index(name) for name in _ORDER if name in names]
    transfers = tuple(call for call in calls if call.name == "transfer")
    if firsts != sorted(firsts) or (transfers and "authorize" not in names):
        yield "calls-keep-their-order", f"transaction {payment.id} was told of by {', '.join(names)}", calls[:3]
    if transfers and not play.desk.verifications(play.merchant.player):
        yield (
            "calls-keep-their-order",
            f"transaction {payment.id} was paid, and nobody asked who the player is",
            transfers[:1],
        )
    if transfers and (
        payment.is_refused or payment.state == "cancelled" or (payment.sign > 0 and payment.state == "failed")
    ):
        yield "webhook-agrees", f"transaction {payment.id} is {payment.state}, and its transfer was told", transfers[:1]
    for call in transfers:
        if call.body.get("authCode") != auth_code(payment.key):
            yield "calls-keep-their-order", "a transfer does not carry the code that we authorized it with", (call,)
