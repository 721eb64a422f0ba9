"""Deposits through both styles of PSP: requested, credited once, refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from synthetic.reference.cell.cashier.cashier import CashierTiming
from synthetic.tests.reference.cell.cashier.market import PSPS, Market, open_market
from synthetic.tests.reference.cell.running import player
from synthetic.tests.reference.psp.serving import wait_until

both_styles = pytest.mark.parametrize("psp", PSPS)


@both_styles
def test_a_deposit_is_pending_and_then_credited_once(market: Market, psp: str) -> None:
    """202 and pending at first; the webhook credits it; the ledger and the PSP's report say the same."""
    answer = market.deposit(psp)
    body = answer.json()
    assert answer.status_code == 202
    assert (body["state"], body["amount_minor"], body["currency"], body["psp"]) == ("pending", 100, "EUR", psp)
    assert market.cash() == 1000
    market.settled("deposits", body["id"], "succeeded")
    assert market.cash() == 1100
    assert [(entry["reference"], entry["amount_minor"], entry["count"]) for entry in market.postings("deposit")] == [
        (body["id"], 100, 1)
    ]
    assert market.report(psp) == [("capture", "100" if psp == "psp-a" else "1.00", body["id"])]


@both_styles
@pytest.mark.parametrize("code", ["insufficient_funds", "do_not_honor"])
def test_an_issuers_decline_is_the_deposits_end(market: Market, psp: str, code: str) -> None:
    """`declined` with the issuer's code, and nothing moves anywhere."""
    deposit_id = market.deposit(psp, instrument=f"card_{code}").json()["id"]
    market.settled("deposits", deposit_id, "declined")
    assert market.get(f"/cashier/deposits/{deposit_id}")["decline_code"] == code
    assert (market.cash(), market.report(psp)) == (1000, [])


@both_styles
def test_a_failure_of_the_psp_is_not_called_a_decline(market: Market, psp: str) -> None:
    """A processing error is `failed`."""
    deposit_id = market.deposit(psp, instrument="card_processing_error").json()["id"]
    market.settled("deposits", deposit_id, "failed")
    assert market.get(f"/cashier/deposits/{deposit_id}")["decline_code"] == "processing_error"


@both_styles
def test_a_replay_answers_the_same_deposit(market: Market, psp: str) -> None:
    """The same key and body: the same id, marked as a replay, and one payment at the PSP."""
    first, again = market.deposit(psp), market.deposit(psp)
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert "idempotent-replay" not in first.headers
    assert again.headers["idempotent-replay"] == "true"
    market.settled("deposits", first.json()["id"], "succeeded")
    assert market.kinds(psp) == ["capture"]


@both_styles
def test_sixteen_concurrent_duplicates_are_one_deposit(market: Market, psp: str) -> None:
    """One id, one capture, one credit; fifteen of the answers are marked as replays."""
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: market.deposit(psp), range(16)))
    assert {answer.status_code for answer in answers} == {202}
    (deposit_id,) = {answer.json()["id"] for answer in answers}
    assert sum("idempotent-replay" in answer.headers for answer in answers) == 15
    market.settled("deposits", deposit_id, "succeeded")
    assert (market.cash(), market.kinds(psp)) == (1100, ["capture"])


def test_the_same_key_with_another_body_is_refused(market: Market) -> None:
    """422 `idempotency_mismatch`, and the first deposit stays the only one."""
    market.deposit()
    refused = market.deposit(amount_minor=200)
    assert (refused.status_code, refused.json()["error"]) == (422, "idempotency_mismatch")
    deposit_id = market.get("/cashier/deposits", key="k-1")["deposit"]["id"]
    market.settled("deposits", deposit_id, "succeeded")
    assert market.cash() == 1100


def test_a_key_is_the_players_own(market: Market) -> None:
    """Two players may use the same key; neither sees the other's deposit."""
    mine = market.deposit().json()["id"]
    market.auth = market.cell.login("player-0")
    theirs = market.deposit().json()["id"]
    assert mine != theirs
    answer = market.cell.client.get(f"/cashier/deposits/{mine}", headers=market.auth)
    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_deposit")


def test_a_deposit_is_looked_up_by_its_key(market: Market) -> None:
    """Found with its state; a key that was never used is not found, and no error."""
    deposit_id = market.deposited()
    found = market.get("/cashier/deposits", key="k-1")
    assert (found["found"], found["deposit"]["id"], found["deposit"]["state"]) == (True, deposit_id, "succeeded")
    assert market.get("/cashier/deposits", key="never") == {"found": False, "deposit": None}


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"psp": "psp-z"}, 422, "unknown_psp"),
        ({"currency": "USD"}, 422, "wrong_currency"),
        ({"amount_minor": 0}, 400, "malformed"),
        ({"amount_minor": 1.5}, 400, "malformed"),
        ({"amount_minor": True}, 400, "malformed"),
        ({"instrument": ""}, 400, "malformed"),
    ],
)
def test_a_wrong_request_is_refused(market: Market, changes: dict[str, object], status: int, error: str) -> None:
    """Each mistake has its code, and leaves no deposit behind."""
    body = {"amount_minor": 100, "currency": "EUR", "psp": "psp-a", "instrument": "card_ok"} | changes
    answer = market.cell.client.post("/cashier/deposits", json=body, headers={**market.auth, "Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert market.get("/cashier/deposits", key="k")["found"] is False


@pytest.mark.parametrize("path", ["/cashier/deposits", "/cashier/withdrawals", "/cashier/deposits/x/refund"])
def test_money_calls_need_an_idempotency_key(market: Market, path: str) -> None:
    """Without the header: 400, before anything happens."""
    body = {"amount_minor": 100, "currency": "EUR", "psp": "psp-a", "instrument": "card_ok"}
    answer = market.cell.client.post(path, json=body, headers=market.auth)
    assert (answer.status_code, answer.json()["error"]) == (400, "idempotency_key_required")


def test_unverified_players_may_not_deposit(tmp_path: Path) -> None:
    """403 `kyc_required`."""
    with open_market(tmp_path, player="ken") as market:
        answer = market.deposit()
    assert (answer.status_code, answer.json()["error"]) == (403, "kyc_required")


def test_the_daily_limit_counts_what_is_pending(tmp_path: Path) -> None:
    """Of a limit of 2.50, the third deposit of 1.00 is refused; a declined one does not count."""
    with open_market(tmp_path, players=(player("ada", deposit_day_minor=250),)) as market:
        declined = market.deposit(key="k-0", instrument="card_do_not_honor").json()["id"]
        market.settled("deposits", declined, "declined")
        assert [market.deposit(key=f"k-{n}").status_code for n in (1, 2)] == [202, 202]
        refused = market.deposit(key="k-3")
        assert (refused.status_code, refused.json()["error"]) == (422, "limit_exceeded")
        assert market.deposit(key="k-2").status_code == 202  # a replay is no new deposit


def test_a_redirect_success_credits_nothing(slow_market: Market) -> None:
    """The PSP's page sends the player back with status=success before the money moved: still pending, nothing posted."""
    body = slow_market.deposit("psp-b").json()
    answer = slow_market.cell.client.get(body["redirect_url"], follow_redirects=True)
    assert (answer.status_code, str(answer.url).endswith("/return?status=success")) == (200, True)
    assert (slow_market.state("deposits", body["id"]), slow_market.cash()) == ("pending", 1000)


@both_styles
def test_a_time_out_after_the_capture_is_looked_up(market: Market, psp: str) -> None:
    """The PSP captures and answers 504: the cell finds the payment by its key, and charges no second time."""
    market.throw(psp, "times_out_after_capture")
    deposit_id = market.deposited(psp)
    assert (market.cash(), market.report(psp)[0][2]) == (1100, deposit_id)
    assert market.kinds(psp) == ["capture"]


@both_styles
def test_an_error_body_under_200_is_not_a_capture(market: Market, psp: str) -> None:
    """HTTP 200 with an error in it: the deposit fails, and nothing is credited."""
    market.throw(psp, "answers_200_with_error")
    deposit_id = market.deposit(psp).json()["id"]
    market.settled("deposits", deposit_id, "failed")
    assert (market.cash(), market.report(psp)) == (1000, [])


def test_a_stored_500_is_not_retried_for_ever(market: Market) -> None:
    """The PSP replays its 500 under our key: the deposit fails and says why."""
    market.throw("psp-a", "answers_500")
    deposit_id = market.deposit().json()["id"]
    market.settled("deposits", deposit_id, "failed")
    assert market.get(f"/cashier/deposits/{deposit_id}")["decline_code"] == "http_500"


def test_a_psp_that_nobody_reaches_fails_the_deposit(market: Market) -> None:
    """No connection: nothing was sent, so the deposit fails at once."""
    body = market.deposit("psp-x").json()
    assert (body["state"], body["decline_code"]) == ("failed", "unreachable")


@both_styles
def test_a_withheld_webhook_is_a_stuck_deposit(market: Market, psp: str) -> None:
    """Captured at the PSP, pending here, however often the player asks."""
    market.throw(psp, "withholds_webhooks")
    deposit_id = market.deposit(psp).json()["id"]
    wait_until(lambda: market.kinds(psp) == ["capture"])
    assert {market.state("deposits", deposit_id) for _ in range(10)} == {"pending"}
    assert market.cash() == 1000


@both_styles
def test_the_safety_net_credits_a_stuck_deposit_once(tmp_path: Path, psp: str) -> None:
    """After its time the net asks the PSP; further sweeps change nothing."""
    with open_market(tmp_path, timing=CashierTiming(net_after_s=0.1, net_every_s=0.02)) as market:
        market.throw(psp, "withholds_webhooks")
        for key in ("k-1", "k-2"):
            market.settled("deposits", market.deposit(psp, key=key).json()["id"], "succeeded")
        assert market.cash() == 1200


@both_styles
def test_an_unknown_outcome_is_looked_up_later(tmp_path: Path, psp: str) -> None:
    """No webhook and no look-up at first: the deposit stays pending, and is found when the PSP answers again."""
    timing = CashierTiming(look_ups_s=(0.05,) * 1_000)
    with open_market(tmp_path, timing=timing) as market:
        market.throw(psp, "withholds_webhooks")
        market.throw(psp, "times_out_after_capture")
        deposit_id = market.deposit(psp).json()["id"]
        wait_until(lambda: market.kinds(psp) == ["capture"])
        assert market.state("deposits", deposit_id) in {"pending", "succeeded"}
        market.settled("deposits", deposit_id, "succeeded")


@both_styles
def test_duplicated_webhooks_credit_once(market: Market, psp: str) -> None:
    """Three deliveries of each event, one credit."""
    market.throw(psp, "duplicates_webhooks")
    deposits = [market.deposited(psp, key=f"k-{n}") for n in range(4)]
    assert len(set(deposits)) == 4
    assert [entry["count"] for entry in market.postings("deposit")] == [1] * 4
    assert market.cash() == 1400


@both_styles
def test_a_declining_bin_declines_that_bin_only(market: Market, psp: str) -> None:
    """Cards of the BIN decline with the code of the switch; another BIN goes through."""
    market.throw(psp, "declines_bin", bin="510000", decline_code="suspected_fraud")
    declined = market.deposit(psp, key="k-2", instrument="card_ok_bin2").json()["id"]
    market.settled("deposits", declined, "declined")
    assert market.get(f"/cashier/deposits/{declined}")["decline_code"] == "suspected_fraud"
    market.deposited(psp)
