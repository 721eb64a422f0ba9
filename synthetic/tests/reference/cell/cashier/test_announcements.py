"""`deposit.completed` and `withdrawal.completed`: one event for money that has come in or gone out, and none for other news."""

from __future__ import annotations

import pytest

from synthetic.reference.cell.events import DepositCompleted, Money, WithdrawalCompleted, read_events
from synthetic.tests.reference.cell.cashier.market import PSPS, Market

both_styles = pytest.mark.parametrize("psp", PSPS)


def deposits(market: Market) -> list[DepositCompleted]:
    """The player's `deposit.completed`."""
    rows = read_events(market.cell.context.ledger, 0)
    events = [DepositCompleted.loads(row.content) for row in rows if row.type == "deposit.completed"]
    return [event for event in events if event.player_id == market.player]


def withdrawals(market: Market) -> list[WithdrawalCompleted]:
    """The player's `withdrawal.completed`."""
    rows = read_events(market.cell.context.ledger, 0)
    events = [WithdrawalCompleted.loads(row.content) for row in rows if row.type == "withdrawal.completed"]
    return [event for event in events if event.player_id == market.player]


@both_styles
def test_a_deposit_is_told_once_however_often_the_psp_says_so(market: Market, psp: str) -> None:
    """And again not when it is refunded."""
    market.throw(psp, "duplicates_webhooks")
    deposit_id = market.deposited(psp, amount_minor=120)
    market.refund(deposit_id)
    (event,) = deposits(market)
    assert (event.deposit_id, event.amount, event.psp) == (deposit_id, Money(120, "EUR"), psp)
    assert event.psp_reference == market.get(f"/cashier/deposits/{deposit_id}")["psp_reference"]


@both_styles
def test_a_deposit_that_is_declined_is_not_told(market: Market, psp: str) -> None:
    """No money came."""
    deposit_id = market.deposit(psp, instrument="card_do_not_honor").json()["id"]
    market.settled("deposits", deposit_id, "declined")
    assert deposits(market) == []


def test_a_deposit_that_is_pending_is_not_told(slow_market: Market) -> None:
    """No money has come yet."""
    assert slow_market.deposit().status_code == 202
    assert deposits(slow_market) == []


@both_styles
def test_a_withdrawal_is_told_when_it_is_paid(market: Market, psp: str) -> None:
    """Once, with its amount."""
    market.throw(psp, "duplicates_webhooks")
    withdrawal_id = market.withdraw(psp).json()["id"]
    market.settled("withdrawals", withdrawal_id, "paid")
    (event,) = withdrawals(market)
    assert (event.withdrawal_id, event.amount, event.psp) == (withdrawal_id, Money(100, "EUR"), psp)


@both_styles
def test_a_withdrawal_that_fails_is_not_told(market: Market, psp: str) -> None:
    """The money is back with the player."""
    withdrawal_id = market.withdraw(psp, instrument="card_processing_error").json()["id"]
    market.settled("withdrawals", withdrawal_id, "failed")
    assert withdrawals(market) == []


def test_a_bug_that_credits_twice_is_still_one_event(market: Market) -> None:
    """The fault `credits_every_webhook`: the ledger shows it, and readers of events are not told of two deposits."""
    market.throw("cell", "credits_every_webhook")
    market.throw("psp-a", "duplicates_webhooks")
    deposit_id = market.deposited()
    assert [event.deposit_id for event in deposits(market)] == [deposit_id]
