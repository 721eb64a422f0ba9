"""What a PSP tells a cashier: ends of payments, again, late, in the wrong order, wrongly, badly signed, of others' payments."""

from __future__ import annotations

import uuid

from synthetic.conformance.stories import wait
from synthetic.contracts.laws.cashier.events import Event, event
from synthetic.contracts.laws.cashier.play import AMOUNT_MINOR, FAILED_STATES, CashierPlay, KnownPayment

SUCCEEDED, PAID, FAILED = frozenset({"succeeded"}), frozenset({"paid"}), frozenset({"failed"})
LATE_S = 1.1


def capture(play: CashierPlay, deposit: KnownPayment) -> None:
    """A deposit is captured: credited once. What is captured for one that has failed goes back to its source."""
    told = _about(play, deposit, "captured")
    is_first = deposit.is_pending
    if is_first:
        deposit.states = SUCCEEDED
        play.settle(told, "capture", AMOUNT_MINOR)
    deposit.told.append(told)
    play.tell(told, moves_minor=AMOUNT_MINOR if is_first else 0)


def capture_late(play: CashierPlay, deposit: KnownPayment) -> None:
    """A deposit is captured some time after it was asked for: late is not too late."""
    play.stage.play(wait(LATE_S))
    capture(play, deposit)


def fail(play: CashierPlay, deposit: KnownPayment) -> None:
    """A deposit has failed; for one that has succeeded that is old news."""
    told = _about(play, deposit, "failed")
    if deposit.is_pending:
        deposit.states = FAILED_STATES
    deposit.told.append(told)
    play.tell(told)


def process(play: CashierPlay, deposit: KnownPayment) -> None:
    """A deposit is being processed, which is old news once its end was told."""
    told = _about(play, deposit, "processing")
    deposit.told.append(told)
    play.tell(told)


def capture_wrongly(play: CashierPlay, deposit: KnownPayment, *, is_currency: bool) -> None:
    """A capture of another amount, or in another currency, than was asked for: nothing is credited."""
    amount, currency = (AMOUNT_MINOR, "USD") if is_currency else (AMOUNT_MINOR * 9, play.currency)
    told = event("captured", deposit.id, play.player.who.player, amount, currency)
    if deposit.is_pending:
        deposit.states = FAILED_STATES
    play.tell(told)


def charge_back(play: CashierPlay, deposit: KnownPayment) -> None:
    """A captured deposit is taken back by the player's bank: booked once, and not from the cash."""
    told = next((one for one in deposit.told if one.fact == "chargeback"), None)
    if told is None:
        told = _about(play, deposit, "chargeback")
        deposit.told.append(told)
        play.settle(told, "chargeback", -AMOUNT_MINOR)
    play.tell(told)


def pay(play: CashierPlay, withdrawal: KnownPayment) -> None:
    """A payout was paid; after its failure that is old news."""
    told = _about(play, withdrawal, "paid")
    if withdrawal.is_pending:
        withdrawal.states = PAID
        play.settle(told, "payout", AMOUNT_MINOR)
    withdrawal.told.append(told)
    play.tell(told)


def fail_payout(play: CashierPlay, withdrawal: KnownPayment) -> None:
    """A payout failed, before it was paid or after: the player has his money back, once."""
    told = _about(play, withdrawal, "payout_failed")
    is_first = withdrawal.states != FAILED
    if withdrawal.states == PAID:
        play.settle(told, "payout_reversal", AMOUNT_MINOR)
    withdrawal.states = FAILED
    withdrawal.told.append(told)
    play.tell(told, moves_minor=AMOUNT_MINOR if is_first else 0)


def repeat(play: CashierPlay, payment: KnownPayment, number: int) -> None:
    """An event of before, byte for byte, signed anew: acknowledged, and nothing moves."""
    play.tell(payment.told[number % len(payment.told)])


def forge(play: CashierPlay, payment: KnownPayment, signature: str) -> None:
    """The end of a payment, under a signature that is none for it."""
    fact = "captured" if payment.kind == "deposits" else "payout_failed"
    play.tell(_about(play, payment, fact), signature=signature)


def tell_of_nothing(play: CashierPlay, fact: str) -> None:
    """A genuine event about a payment that this cashier does not know."""
    play.tell(event(fact, f"unknown-{uuid.uuid4().hex}", play.player.who.player, AMOUNT_MINOR, play.currency))


def _about(play: CashierPlay, payment: KnownPayment, fact: str) -> Event:
    return event(fact, payment.id, play.player.who.player, AMOUNT_MINOR, play.currency)
