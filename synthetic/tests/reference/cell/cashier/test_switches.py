"""Each switch of the cashier does its damage, and the damage is what a harness can see: ledger against PSP report."""

from __future__ import annotations

import pytest

from synthetic.tests.reference.cell.cashier.market import PSPS, Market
from synthetic.tests.reference.psp.serving import wait_until

both_styles = pytest.mark.parametrize("psp", PSPS)


@both_styles
def test_credits_every_webhook(market: Market, psp: str) -> None:
    """One capture, delivered three times, credited three times."""
    market.throw("cell", "credits_every_webhook")
    market.throw(psp, "duplicates_webhooks")
    market.deposit(psp)
    wait_until(lambda: [entry["count"] for entry in market.postings("deposit")] == [3, 3, 3])
    assert (market.cash(), market.kinds(psp)) == (1300, ["capture"])


@both_styles
def test_retries_under_new_key(market: Market, psp: str) -> None:
    """The PSP times out after the capture: two captures of one deposit, one credit."""
    market.throw("cell", "retries_under_new_key")
    market.throw(psp, "times_out_after_capture")
    deposit_id = market.deposited(psp)
    wait_until(lambda: market.kinds(psp) == ["capture", "capture"])
    assert {reference for _, _, reference in market.report(psp)} == {deposit_id}
    assert [entry["count"] for entry in market.postings("deposit")] == [1]


@both_styles
def test_takes_any_200_as_success(market: Market, psp: str) -> None:
    """The PSP answers 200 with an error: credited, and never captured."""
    market.throw("cell", "takes_any_200_as_success")
    market.throw(psp, "answers_200_with_error")
    market.deposited(psp)
    assert (market.cash(), market.report(psp)) == (1100, [])


@both_styles
def test_credits_replayed_deposit(market: Market, psp: str) -> None:
    """The player's retry under the same key: charged twice, credited twice, under one reference."""
    market.throw("cell", "credits_replayed_deposit")
    first, again = market.deposit(psp), market.deposit(psp)
    assert first.json()["id"] == again.json()["id"]
    wait_until(lambda: [entry["count"] for entry in market.postings("deposit")] == [2, 2])
    wait_until(lambda: market.kinds(psp) == ["capture", "capture"])  # the second may be a moment later
    assert market.cash() == 1200


@both_styles
def test_pays_out_twice(market: Market, psp: str) -> None:
    """Two payouts at the PSP, one withdrawal in the ledger."""
    market.throw("cell", "pays_out_twice")
    withdrawal_id = market.withdraw(psp).json()["id"]
    market.settled("withdrawals", withdrawal_id, "paid")
    wait_until(lambda: market.kinds(psp) == ["payout", "payout"])
    assert {reference for _, _, reference in market.report(psp)} == {withdrawal_id}
    assert (market.cash(), market.locked(), len(market.postings("withdraw_paid"))) == (900, 0, 1)


@both_styles
@pytest.mark.parametrize("switch", ["credits_every_webhook", "retries_under_new_key", "takes_any_200_as_success"])
def test_a_cell_fault_alone_shows_nothing(market: Market, psp: str, switch: str) -> None:
    """Without the PSP's part the deposit is as it should be: a fault is the meeting of both."""
    market.throw("cell", switch)
    market.deposited(psp)
    assert market.kinds(psp) == ["capture"]
