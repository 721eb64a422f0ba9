"""What a PSP says, by webhook or when it is asked, in the words of our state tables."""

from __future__ import annotations

from dataclasses import dataclass

from synthetic.reference.cell.cashier.psp_clients import PspPayment

# Every other state is its own event. `pending` has an effect in no state: only the PSP's reference is noted.
_DEPOSIT_EVENTS = {"succeeded": "captured"}
_WITHDRAWAL_EVENTS = {"in_transit": "leave"}


@dataclass(frozen=True, slots=True)
class News:
    """An event of a state table with the payment's facts.

    `key` is the idempotency key of that payment at the PSP, "" where the PSP did not say.
    """

    event: str
    psp_reference: str
    amount_minor: int
    currency: str
    code: str | None = None
    key: str = ""


def deposit_news(payment: PspPayment) -> News:
    """What the payment's state means to a deposit."""
    return _news(payment, _DEPOSIT_EVENTS.get(payment.state, payment.state))


def withdrawal_news(payment: PspPayment) -> News:
    """What the payout's state means to a withdrawal."""
    return _news(payment, _WITHDRAWAL_EVENTS.get(payment.state, payment.state))


def _news(payment: PspPayment, event: str) -> News:
    return News(event, payment.psp_reference, payment.amount_minor, payment.currency, payment.code)
