"""What a merchant does at a PSP of style B: deposits and withdrawals, refusals, refunds, all of them again, and what is wrong."""

from __future__ import annotations

import uuid
from dataclasses import replace

from synthetic.contracts.laws.psp_notifications.client import insist, money
from synthetic.contracts.laws.psp_notifications.play import AMOUNT_MINOR, GOOD, KnownPayment, NotificationsPlay
from synthetic.core.money import Money

OK, CONFLICT, UNKNOWN, STRANGER = frozenset({200}), frozenset({409}), frozenset({404}), frozenset({401, 403})
DECLINED, FAILING = "card_insufficient_funds", "card_processing_error"
FAILURES = 2


def place(
    play: NotificationsPlay, kind: str, instrument: str = GOOD, *, refused: bool = False, failures: int = 0
) -> KnownPayment | None:
    """A deposit or a withdrawal; one that we will not authorize; one about which our first answers are 500."""
    key = uuid.uuid4().hex
    if refused:
        play.desk.refuse(key)
    play.desk.fail(key, failures)
    request = play.merchant.place(kind, key, play.amount, instrument)
    said = play.ask(f"a plain {kind.removesuffix('s')}", request, "success-has-its-object", OK)
    if not said.id:
        if said.status == 200:
            play.evidence.breach(
                "success-has-its-object", "HTTP 200 without the transaction that was asked for", said.exchange
            )
        return None
    payment = KnownPayment(kind, said.id, key, instrument, request, is_refused=refused)
    play.payments.append(payment)
    play.tell_made(payment, said, play.amount)
    play.saw(payment, said)
    if kind == "deposits" and not str(said.body.get("redirectUrl", "")).startswith("http"):
        play.evidence.breach(
            "success-has-its-object", "a deposit has no redirectUrl to send the player to", said.exchange
        )
    return payment


def repeat(play: NotificationsPlay, payment: KnownPayment) -> None:
    """The same request again: the same transaction."""
    said = play.ask("the same again, under its merchantTxId", payment.request, "same-call-moves-once", OK)
    play.tell_made(payment, said, play.amount)
    if said.status == 200:
        play.saw(payment, said)


def change(play: NotificationsPlay, payment: KnownPayment) -> None:
    """Another amount under a used `merchantTxId`: refused."""
    other = play.amount + play.amount
    request = play.merchant.place(payment.kind, payment.key, other, payment.instrument)
    law = "changed-replay-is-rejected"
    said = play.ask("another amount under a used merchantTxId", request, law, CONFLICT, "DUPLICATE_TX")
    play.tell_made(payment, said, other)


def look(play: NotificationsPlay, payment: KnownPayment) -> None:
    """A look at a payment."""
    play.look(payment)


def look_up(play: NotificationsPlay, payment: KnownPayment) -> None:
    """The look-up by `merchantTxId` finds it and nothing else; by one that nobody used, nothing."""
    for key, wanted in ((payment.key, [payment.id]), (uuid.uuid4().hex, [])):
        said = play.stage.play(insist("look-up by key", play.merchant.get("/transactions", merchantTxId=key)))
        data = said.body.get("transactions")
        ids = [str(one.get("txId")) for one in data if isinstance(one, dict)] if isinstance(data, list) else None
        if ids != wanted:
            told = f"a look-up by merchantTxId was answered {said.told} with {ids}, and there is {wanted}"
            play.evidence.breach("look-up-by-key", told, said.exchange)


def cancel(play: NotificationsPlay, payment: KnownPayment) -> None:
    """A cancellation: of what is at its end it is refused; of what is under way it may be too late, or it is cancelled for good."""
    play.look(payment)
    statuses = {"cancelled": OK, "pending": OK | CONFLICT, "authorized": OK | CONFLICT}.get(payment.state, CONFLICT)
    law = "ends-stay" if payment.state in ("successful", "failed", "refunded") else "states-follow-their-table"
    request = play.merchant.post(f"/transactions/{payment.id}/cancel", {})
    said = play.ask(f"the cancellation of a transaction that is {payment.state}", request, law, statuses)
    if said.status == 200:
        play.saw(payment, said)
        if payment.state != "cancelled":
            play.evidence.breach(
                "ends-stay", f"transaction {payment.id} was cancelled, and is {payment.state}", said.exchange
            )


def refund(play: NotificationsPlay, payment: KnownPayment, amount_minor: int) -> None:
    """A refund, and the same again under its key: given back once, and never more than there is."""
    play.watch(payment)
    key, amount = uuid.uuid4().hex, Money(amount_minor, play.amount.currency)
    body = {"amount": amount.decimal(), "currency": amount.currency, "merchantTxId": key}
    request = play.merchant.post(f"/transactions/{payment.id}/refund", body)
    may = (
        payment.kind == "deposits"
        and payment.state in ("successful", "refunded")
        and amount_minor <= payment.left_minor
    )
    label = f"a refund of {amount_minor}, where {payment.left_minor} of a {payment.state} transaction are left"
    said = play.ask(label, request, "refund-at-most-paid", OK if may else CONFLICT)
    if said.status != 200:
        return
    payment.refunds[key] = amount_minor
    play.saw(payment, said)
    again = play.ask("the same refund again", request, "same-call-moves-once", OK)
    given_back = AMOUNT_MINOR - payment.left_minor
    for one in (said, again):
        refunded = money(one.body.get("refunded"), one.body.get("currency"))
        if one.status == 200 and refunded != Money(given_back, play.amount.currency):
            told = f"{given_back} were refunded, and transaction {payment.id} tells {one.body.get('refunded')!r}"
            play.evidence.breach("refund-at-most-paid", told, one.exchange)


def under_wrong_key(play: NotificationsPlay) -> None:
    """A deposit under an API key that nobody has: refused."""
    stranger = replace(play.merchant, api_key=uuid.uuid4().hex)
    request = stranger.place("deposits", uuid.uuid4().hex, play.amount, GOOD)
    play.ask("a deposit under a wrong API key", request, "bad-signature-changes-nothing", STRANGER)


def look_for_nothing(play: NotificationsPlay) -> None:
    """A transaction that nobody made: not found."""
    request = play.merchant.get(f"/transactions/{uuid.uuid4().hex}")
    play.ask("a look at a transaction that is none", request, "look-up-by-key", UNKNOWN)
