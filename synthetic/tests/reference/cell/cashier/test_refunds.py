"""Refunds of deposits: whole, in part, pending, twice, at once; and the return of money that was never credited."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from synthetic.tests.reference.cell.cashier.market import PSPS, Market
from synthetic.tests.reference.psp.serving import wait_until

both_styles = pytest.mark.parametrize("psp", PSPS)


@both_styles
def test_a_refund_returns_the_deposit_to_its_source(market: Market, psp: str) -> None:
    """Cash is back where it was, the PSP has refunded the same amount under the same reference."""
    deposit_id = market.deposited(psp)
    answer = market.refund(deposit_id)
    assert answer.json() == {"id": deposit_id, "refunded_minor": 100, "state": "refunded"}
    assert market.cash() == 1000
    assert [(kind, reference) for kind, _, reference in market.report(psp)] == [
        ("capture", deposit_id),
        ("refund", deposit_id),
    ]
    assert [(entry["amount_minor"], entry["count"]) for entry in market.postings("refund")] == [(-100, 1)]


@both_styles
def test_a_deposit_is_refunded_once_whatever_the_keys(market: Market, psp: str) -> None:
    """The same key, another key, and eight at once: the same answer, one refund."""
    deposit_id = market.deposited(psp)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: market.refund(deposit_id, f"r-{n % 3}"), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["refunded_minor"] for answer in answers} == {100}
    assert (market.cash(), market.kinds(psp)) == (1000, ["capture", "refund"])


@both_styles
def test_a_refund_returns_no_more_than_the_cash(market: Market, psp: str) -> None:
    """Most of the money is on its way out: what is left of it goes back."""
    deposit_id = market.deposited(psp)
    market.withdraw(psp, amount_minor=1060)
    assert market.refund(deposit_id).json()["refunded_minor"] == 40
    assert market.cash() == 0
    refunds = [amount for kind, amount, _ in market.report(psp) if kind == "refund"]
    assert refunds == ["40" if psp == "psp-a" else "0.40"]


def test_nothing_left_refunds_nothing_and_may_be_asked_again(slow_market: Market) -> None:
    """Without cash the answer is 0; under the same key it goes through once there is cash."""
    deposit = slow_market.deposit().json()["id"]
    subject = {"id": "pi_1", "amount": 100, "currency": "EUR", "metadata": {"reference": deposit}}
    slow_market.tell_intents("payment_intent.succeeded", **subject)
    withdrawal = slow_market.withdraw(amount_minor=1100).json()["id"]
    assert slow_market.refund(deposit).json() == {"id": deposit, "refunded_minor": 0, "state": "succeeded"}
    slow_market.cancel(withdrawal)
    assert slow_market.postings("refund") == []


@both_styles
def test_a_pending_deposit_is_cancelled_at_the_psp(slow_market: Market, psp: str) -> None:
    """Nothing was captured: nothing is refunded, the deposit is `refunded`, the PSP will never capture it."""
    deposit_id = slow_market.deposit(psp).json()["id"]
    assert slow_market.refund(deposit_id).json() == {"id": deposit_id, "refunded_minor": 0, "state": "refunded"}
    assert (slow_market.cash(), slow_market.report(psp)) == (1000, [])
    found = slow_market.get("/cashier/deposits", key="k-1")["deposit"]
    path = f"/v1/payment_intents/{found['psp_reference']}" if psp == "psp-a" else "/api/transactions"
    at_psp = slow_market.at_psp(psp, path, merchantTxId=deposit_id)
    state = at_psp["status"] if psp == "psp-a" else at_psp["transactions"][0]["state"]
    assert state in {"canceled", "cancelled"}


@both_styles
def test_a_stuck_deposit_is_credited_and_refunded(market: Market, psp: str) -> None:
    """Pending here, captured there: the refund asks the PSP first, credits what it has, and returns it."""
    market.throw(psp, "withholds_webhooks")
    deposit_id = market.deposit(psp).json()["id"]
    wait_until(lambda: market.kinds(psp) == ["capture"])
    assert market.refund(deposit_id).json() == {"id": deposit_id, "refunded_minor": 100, "state": "refunded"}
    assert (market.cash(), market.kinds(psp)) == (1000, ["capture", "refund"])
    assert [len(market.postings(kind)) for kind in ("deposit", "refund")] == [1, 1]


def test_a_late_event_does_not_credit_a_refunded_deposit(market: Market) -> None:
    """The success event comes again after the refund: nothing is credited, and nothing more is returned."""
    deposit_id = market.deposited()
    reference = market.get(f"/cashier/deposits/{deposit_id}")["psp_reference"]
    market.refund(deposit_id)
    subject = {"id": reference, "amount": 100, "currency": "EUR", "metadata": {"reference": deposit_id}}
    assert market.tell_intents("payment_intent.succeeded", **subject).status_code == 200
    assert (market.cash(), market.kinds("psp-a")) == (1000, ["capture", "refund"])


def test_money_captured_for_a_dead_deposit_goes_back_to_its_source(market: Market) -> None:
    """Declined here, captured there after all: the deposit stays declined, the capture is refunded, nothing is credited."""
    declined = market.deposit(instrument="card_do_not_honor", key="k-0").json()["id"]
    other = market.deposited()
    reference = market.get(f"/cashier/deposits/{other}")["psp_reference"]
    subject = {"id": reference, "amount": 100, "currency": "EUR", "metadata": {"reference": declined}}
    for _ in range(2):
        assert market.tell_intents("payment_intent.succeeded", **subject).status_code == 200
    wait_until(lambda: market.kinds("psp-a") == ["capture", "refund"])
    assert (market.state("deposits", declined), market.cash()) == ("declined", 1100)


def test_a_refused_refund_gives_the_cash_back(slow_market: Market) -> None:
    """The PSP says that there is nothing to refund: the player has his cash again, and may ask under another key."""
    deposit_id = slow_market.deposit().json()["id"]
    subject = {"id": "pi_of_nobody", "amount": 100, "currency": "EUR", "metadata": {"reference": deposit_id}}
    slow_market.tell_intents("payment_intent.succeeded", **subject)
    assert slow_market.cash() == 1100
    answer = slow_market.refund(deposit_id).json()
    assert (answer["refunded_minor"], answer["state"], slow_market.cash()) == (0, "succeeded", 1100)
    assert [entry["amount_minor"] for entry in slow_market.postings("refund_failed")] == [100]


def test_a_refund_of_an_unreachable_psps_deposit_moves_nothing(market: Market) -> None:
    """A deposit that failed has nothing to return."""
    deposit_id = market.deposit("psp-x").json()["id"]
    assert market.refund(deposit_id).json() == {"id": deposit_id, "refunded_minor": 0, "state": "failed"}


@pytest.mark.parametrize("known", [True, False])
def test_a_refund_of_somebody_elses_deposit_is_unknown(market: Market, known: bool) -> None:  # noqa: FBT001 - a case
    """404, whether the deposit exists or not."""
    deposit_id = market.deposited() if known else "dep_0"
    market.auth = market.cell.login("player-0")
    assert market.refund(deposit_id).status_code == 404


def test_a_key_refunds_one_deposit(market: Market) -> None:
    """The same refund key for another deposit: 422, nothing moves."""
    first, second = market.deposited(key="k-1"), market.deposited(key="k-2")
    assert market.refund(first).status_code == 200
    refused = market.refund(second)
    assert (refused.status_code, refused.json()["error"]) == (422, "idempotency_mismatch")
    assert market.cash() == 1100
