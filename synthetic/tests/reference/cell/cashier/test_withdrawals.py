"""Withdrawals through both styles of PSP: reserved, paid, released once, cancelled, returned late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from synthetic.reference.cell.cashier.cashier import CashierTiming
from synthetic.tests.reference.cell.cashier.market import PSPS, Market, open_market
from synthetic.tests.reference.psp.serving import wait_until

both_styles = pytest.mark.parametrize("psp", PSPS)


@both_styles
def test_a_withdrawal_reserves_at_once_and_is_paid(market: Market, psp: str) -> None:
    """Cash to locked at the request; gone when the PSP has paid; each step posted once."""
    answer = market.withdraw(psp)
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    assert market.cash() == 900
    market.settled("withdrawals", answer.json()["id"], "paid")
    assert (market.cash(), market.locked()) == (900, 0)
    assert [len(market.postings(kind)) for kind in ("withdraw_reserve", "withdraw_paid")] == [2, 1]
    assert market.report(psp) == [("payout", "100" if psp == "psp-a" else "1.00", answer.json()["id"])]


@both_styles
def test_a_payout_that_fails_releases_the_reserve_once(market: Market, psp: str) -> None:
    """Failed at the PSP, with its events delivered three times: the cash is back once."""
    market.throw(psp, "duplicates_webhooks")
    withdrawal_id = market.withdraw(psp, instrument="card_processing_error").json()["id"]
    market.settled("withdrawals", withdrawal_id, "failed")
    assert (market.cash(), market.locked(), market.report(psp)) == (1000, 0, [])
    assert [entry["count"] for entry in market.postings("withdraw_release")] == [1, 1]


@both_styles
def test_a_late_payout_failure_credits_the_player_once(market: Market, psp: str) -> None:
    """Paid, then failed after all: `payout_failed` gives the cash back, once."""
    market.throw(psp, "reverses_payouts")
    market.throw(psp, "duplicates_webhooks")
    withdrawal_id = market.withdraw(psp).json()["id"]
    market.settled("withdrawals", withdrawal_id, "failed")
    assert (market.cash(), market.locked()) == (1000, 0)
    assert market.kinds(psp) == ["payout", "payout_reversal"]
    assert [entry["count"] for entry in market.postings("payout_failed")] in (
        [1],
        [],
    )  # [] when the events swapped places


def test_more_than_the_cash_is_refused(market: Market) -> None:
    """409 `insufficient_funds`, and no withdrawal is left behind."""
    answer = market.withdraw(amount_minor=1001)
    assert (answer.status_code, answer.json()["error"]) == (409, "insufficient_funds")
    assert market.get("/cashier/withdrawals", key="w-1") == {"found": False, "withdrawal": None}
    assert (market.cash(), market.locked()) == (1000, 0)


@both_styles
def test_sixteen_concurrent_duplicates_are_one_withdrawal(market: Market, psp: str) -> None:
    """One id, one reserve, one payout."""
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: market.withdraw(psp), range(16)))
    (withdrawal_id,) = {answer.json()["id"] for answer in answers}
    assert sum(answer.headers.get("idempotent-replay") == "true" for answer in answers) == 15
    market.settled("withdrawals", withdrawal_id, "paid")
    assert (market.cash(), market.locked(), market.kinds(psp)) == (900, 0, ["payout"])


def test_the_same_key_with_another_body_is_refused(market: Market) -> None:
    """422 `idempotency_mismatch`; nothing more is reserved."""
    market.withdraw()
    answer = market.withdraw(amount_minor=200)
    assert (answer.status_code, answer.json()["error"]) == (422, "idempotency_mismatch")
    assert market.cash() == 900


@both_styles
def test_a_pending_withdrawal_can_be_cancelled(slow_market: Market, psp: str) -> None:
    """The PSP stops it, the reserve is back; a second cancellation answers the same."""
    withdrawal_id = slow_market.withdraw(psp).json()["id"]
    for _ in range(2):
        answer = slow_market.cancel(withdrawal_id)
        assert (answer.status_code, answer.json()) == (200, {"id": withdrawal_id, "state": "cancelled"})
    assert (slow_market.cash(), slow_market.locked(), slow_market.report(psp)) == (1000, 0, [])
    assert len(slow_market.postings("withdraw_release")) == 2  # cash and locked


@both_styles
def test_a_paid_withdrawal_is_too_late_to_cancel(market: Market, psp: str) -> None:
    """409 `too_late`."""
    withdrawal_id = market.withdraw(psp).json()["id"]
    market.settled("withdrawals", withdrawal_id, "paid")
    answer = market.cancel(withdrawal_id)
    assert (answer.status_code, answer.json()["error"]) == (409, "too_late")


def test_the_psp_decides_whether_it_is_too_late(market: Market) -> None:
    """Pending here because no webhook came, but paid at the PSP: the cancellation asks there, and is too late."""
    market.throw("psp-a", "withholds_webhooks")
    withdrawal_id = market.withdraw().json()["id"]
    wait_until(lambda: market.kinds("psp-a") == ["payout"])
    assert market.state("withdrawals", withdrawal_id) == "pending"
    answer = market.cancel(withdrawal_id)
    assert (answer.status_code, answer.json()["error"]) == (409, "too_late")
    assert (market.state("withdrawals", withdrawal_id), market.locked()) == ("paid", 0)


def test_a_payout_that_never_left_is_released(market: Market) -> None:
    """Nobody listens at the PSP: failed, and the cash is back."""
    assert market.withdraw("psp-x").json()["state"] == "failed"
    assert (market.cash(), market.locked()) == (1000, 0)


def test_unverified_players_may_not_withdraw(tmp_path: Path) -> None:
    """403 `kyc_required`, and no money is reserved."""
    with open_market(tmp_path, player="ken") as market:
        answer = market.withdraw()
        assert (answer.status_code, answer.json()["error"]) == (403, "kyc_required")
        assert market.locked() == 0


@both_styles
def test_the_safety_net_finishes_a_withdrawal_without_webhooks(tmp_path: Path, psp: str) -> None:
    """Paid at the PSP, nobody said so: the safety net asks."""
    with open_market(tmp_path, timing=CashierTiming(net_after_s=0.1, net_every_s=0.02)) as market:
        market.throw(psp, "withholds_webhooks")
        withdrawal_id = market.withdraw(psp).json()["id"]
        market.settled("withdrawals", withdrawal_id, "paid")
        assert (market.cash(), market.locked()) == (900, 0)


def test_a_withdrawal_is_looked_up_by_its_key(slow_market: Market) -> None:
    """Found with its state and its PSP's reference."""
    withdrawal_id = slow_market.withdraw().json()["id"]
    found = slow_market.get("/cashier/withdrawals", key="w-1")
    assert (found["found"], found["withdrawal"]["id"]) == (True, withdrawal_id)
    assert found["withdrawal"]["psp_reference"].startswith("po_")
