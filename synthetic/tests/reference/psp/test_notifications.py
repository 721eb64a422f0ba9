"""Style B: deposits and withdrawals that the PSP completes by calling the merchant."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from synthetic.reference.psp.pace import Pace
from synthetic.reference.psp.signing import body_signature
from synthetic.tests.reference.psp.running import SECRET, Call, RunningPsp, running_psp
from synthetic.tests.reference.psp.serving import wait_until


def place(psp: RunningPsp, kind: str = "deposits", *, key: str | None = None, **changes: Any) -> httpx.Response:
    """Place a deposit or a withdrawal of 1.00 EUR, under a key of its own unless one is given."""
    key = key or uuid.uuid4().hex
    body = {"merchantTxId": key, "userId": key, "amount": "1.00", "currency": "EUR", "instrument": "card_ok"}
    return psp.post(f"/api/{kind}", body | changes)


def becomes(psp: RunningPsp, tx: str, state: str) -> dict[str, Any]:
    wait_until(lambda: psp.get(f"/api/transactions/{tx}")["state"] == state)
    return psp.get(f"/api/transactions/{tx}")


def completed(psp: RunningPsp, kind: str = "deposits", **changes: Any) -> str:
    tx = str(place(psp, kind, **changes).json()["txId"])
    becomes(psp, tx, "successful")
    return tx


def report(psp: RunningPsp, player: str) -> list[tuple[str, str, str]]:
    entries = psp.get("/api/report", userId=player)["entries"]
    return [(entry["kind"], entry["amount"], entry["reference"]) for entry in entries]


def refuses(name: str) -> Any:
    def answer(call: Call) -> Response:
        if call.name == name:
            return JSONResponse({"success": False, "errCode": "SELF_EXCLUDED", "errMsg": "no"})
        return JSONResponse({"success": True, "authCode": "auth-1"})

    return answer


def test_a_deposit_is_verified_authorized_and_transferred(notifications: RunningPsp) -> None:
    """Three calls in this order; the transfer brings the authorisation code back; the report shows the capture."""
    answer = place(notifications, key="b-1", attributes={"reference": "dep-b-1"}).json()
    assert (answer["state"], answer["amount"]) == ("pending", "1.00")
    notifications.merchant.waits_for("transfer")
    assert [call.name for call in notifications.merchant.calls] == ["verifyuser", "authorize", "transfer"]
    body = notifications.merchant.named("transfer")[0].body
    assert (body["txAmount"], body["txAmountCy"], body["authCode"]) == ("1.00", "EUR", "auth-1")
    assert (body["txId"], body["merchantTxId"], body["userId"]) == (answer["txId"], "b-1", "b-1")
    assert report(notifications, "b-1") == [("capture", "1.00", "dep-b-1")]


def test_a_withdrawal_has_a_negative_amount(notifications: RunningPsp) -> None:
    """authorize and transfer say -1.00; the report says payout."""
    completed(notifications, "withdrawals", key="b-out")
    (transfer,) = notifications.merchant.waits_for("transfer")
    assert transfer.body["txAmount"] == "-1.00"
    assert report(notifications, "b-out") == [("payout", "1.00", "b-out")]


def test_every_call_is_signed_over_its_raw_body(notifications: RunningPsp) -> None:
    """The header matches the bytes, with the merchant's secret, and the body tells when it was signed."""
    completed(notifications)
    for call in notifications.merchant.calls:
        assert call.headers["x-signature"] == body_signature(SECRET, call.raw)
        assert isinstance(call.body["timestamp"], int)


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_amounts_have_the_currencys_decimals(notifications: RunningPsp, currency: str) -> None:
    """100 yen are "100", a dinar is "1.000"; more decimals than the currency has are refused."""
    good, bad = ("100", "100.5") if currency == "JPY" else ("1.000", "1.0005")
    assert place(notifications, amount=good, currency=currency).json()["amount"] == good
    assert place(notifications, amount=bad, currency=currency).json()["errCode"] == "INVALID_AMOUNT"


@pytest.mark.parametrize("name", ["verifyuser", "authorize"])
def test_a_refusal_of_the_merchant_is_the_end(notifications: RunningPsp, name: str) -> None:
    """Nothing is captured; the merchant is told by `cancel` with its own code."""
    notifications.merchant.answers = refuses(name)
    tx = place(notifications, key=f"b-{name}").json()["txId"]
    assert becomes(notifications, tx, "failed")["statusCode"] == "SELF_EXCLUDED"
    (cancel,) = notifications.merchant.waits_for("cancel")
    assert (cancel.body["statusCode"], report(notifications, f"b-{name}")) == ("SELF_EXCLUDED", [])


@pytest.mark.parametrize("code", ["insufficient_funds", "do_not_honor", "processing_error"])
def test_a_decline_is_cancelled_with_its_code(notifications: RunningPsp, code: str) -> None:
    """After the authorisation, before any money moves."""
    tx = place(notifications, key=f"b-{code}", instrument=f"card_{code}").json()["txId"]
    becomes(notifications, tx, "failed")
    (cancel,) = notifications.merchant.waits_for("cancel")
    assert (cancel.body["statusCode"], report(notifications, f"b-{code}")) == (code, [])


def test_the_same_merchant_tx_id_is_the_same_transaction(notifications: RunningPsp) -> None:
    """One transaction, one capture; other parameters under it are refused, also as the other kind."""
    first, again = place(notifications, key="b-same"), place(notifications, key="b-same")
    assert (first.json()["txId"], again.headers["idempotent-replayed"]) == (again.json()["txId"], "true")
    assert place(notifications, key="b-same", amount="2.00").status_code == 409
    assert place(notifications, "withdrawals", key="b-same").status_code == 409
    becomes(notifications, first.json()["txId"], "successful")
    assert len(report(notifications, "b-same")) == 1


def test_a_transaction_is_found_by_the_merchants_id(notifications: RunningPsp) -> None:
    """A list of one, or of none."""
    tx = place(notifications, key="b-look").json()["txId"]
    (found,) = notifications.get("/api/transactions", merchantTxId="b-look")["transactions"]
    assert found["txId"] == tx
    assert notifications.get("/api/transactions", merchantTxId="b-never")["transactions"] == []
    assert notifications.client.get("/api/transactions").status_code == 400


def test_a_pending_transaction_can_be_cancelled() -> None:
    """Cancelled before the player pays: no call to the merchant, nothing captured; afterwards it is too late."""
    with running_psp("notifications", pace=Pace(redirect_s=0.2)) as psp:
        tx = place(psp, key="b-stop").json()["txId"]
        for _ in range(2):
            assert psp.post(f"/api/transactions/{tx}/cancel").json()["state"] == "cancelled"
        done = completed(psp)
        assert psp.post(f"/api/transactions/{done}/cancel").json()["errCode"] == "TOO_LATE"
        assert (report(psp, "b-stop"), len(psp.merchant.named("verifyuser"))) == ([], 1)


def test_a_deposit_is_refunded_once_per_key_and_never_above_its_amount(notifications: RunningPsp) -> None:
    """0.60 under a key twice is 0.60; 0.41 more is too much, 0.40 is not."""
    tx = completed(notifications, key="b-back")
    path = f"/api/transactions/{tx}/refund"
    for _ in range(2):
        assert notifications.post(path, {"amount": "0.60", "merchantTxId": "r-1"}).json()["refunded"] == "0.60"
    assert notifications.post(path, {"amount": "0.61", "merchantTxId": "r-1"}).status_code == 409
    assert notifications.post(path, {"amount": "0.41", "merchantTxId": "r-2"}).json()["errCode"] == "NOT_REFUNDABLE"
    assert notifications.post(path, {"merchantTxId": "r-3"}).json()["refunded"] == "1.00"
    assert [kind for kind, _, _ in report(notifications, "b-back")] == ["capture", "refund", "refund"]


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 1},
        {"amount": "0.00"},
        {"amount": "-1.00"},
        {"amount": "1e2"},
        {"userId": ""},
        {"instrument": "card_of_nobody"},
        {"currency": 978},
        {"attributes": "dep"},
    ],
)
def test_a_wrong_field_is_refused(notifications: RunningPsp, changes: dict[str, Any]) -> None:
    """400 with a code that starts with INVALID, and no transaction."""
    answer = place(notifications, key="b-wrong", **changes)
    assert (answer.status_code, answer.json()["errCode"].startswith("INVALID")) == (400, True)
    assert notifications.get("/api/transactions", merchantTxId="b-wrong")["transactions"] == []


def test_the_redirect_sends_the_player_back(notifications: RunningPsp) -> None:
    """To the merchant's page with status=success, whatever has become of the money."""
    body = place(notifications, successUrl="http://127.0.0.1:1/back?x=1").json()
    answer = notifications.client.get(body["redirectUrl"], follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, "http://127.0.0.1:1/back?x=1&status=success")
    assert notifications.client.get("/redirect/unknown").status_code == 404


def test_a_merchant_sees_only_its_own(notifications: RunningPsp) -> None:
    """404 for somebody else's transaction, 401 without a key that is known."""
    tx = place(notifications).json()["txId"]
    other = {"cell": "baseline", "api_key": "key-2", "webhook_url": "http://127.0.0.1:1", "webhook_secret": "s"}
    notifications.client.put("/_merchants/m-2", json=other)
    path = f"/api/transactions/{tx}"
    assert notifications.client.get(path, headers={"Authorization": "Bearer key-2"}).status_code == 404
    assert (
        notifications.client.get(path, headers={"Authorization": f"Basic key-{notifications.name}"}).status_code == 401
    )


def test_duplicates_webhooks(notifications: RunningPsp) -> None:
    """The switch: the transfer is called three times."""
    notifications.throw("duplicates_webhooks")
    completed(notifications)
    assert len(notifications.merchant.waits_for("transfer", 3)) == 3


def test_withholds_webhooks(notifications: RunningPsp) -> None:
    """The switch: captured and reported, but never transferred."""
    notifications.throw("withholds_webhooks")
    completed(notifications, key="b-mute")
    assert report(notifications, "b-mute") == [("capture", "1.00", "b-mute")]
    notifications.board.clear()
    completed(notifications)
    assert len(notifications.merchant.waits_for("transfer")) == 1


def test_times_out_after_capture(notifications: RunningPsp) -> None:
    """504, and the transaction goes its way."""
    notifications.throw("times_out_after_capture")
    assert place(notifications, key="b-hang").status_code == 504
    wait_until(lambda: report(notifications, "b-hang") == [("capture", "1.00", "b-hang")])


def test_answers_200_with_error(notifications: RunningPsp) -> None:
    """HTTP 200, success false, no transaction."""
    notifications.throw("answers_200_with_error")
    answer = place(notifications, key="b-lie")
    assert (answer.status_code, answer.json()["success"]) == (200, False)
    assert notifications.get("/api/transactions", merchantTxId="b-lie")["transactions"] == []


def test_declines_bin(notifications: RunningPsp) -> None:
    """Cards of the BIN fail with the switch's code; a withdrawal to such a card is none of the issuer's business."""
    notifications.throw("declines_bin", bin="400000")
    tx = place(notifications).json()["txId"]
    assert becomes(notifications, tx, "failed")["statusCode"] == "do_not_honor"
    completed(notifications, "withdrawals")


def test_reverses_payouts(notifications: RunningPsp) -> None:
    """The switch: transferred, then cancelled; the report has both."""
    notifications.throw("reverses_payouts")
    tx = place(notifications, "withdrawals", key="b-late").json()["txId"]
    becomes(notifications, tx, "failed")
    notifications.merchant.waits_for("cancel")
    wait_until(lambda: [kind for kind, _, _ in report(notifications, "b-late")] == ["payout", "payout_reversal"])
    assert len(notifications.merchant.named("transfer")) == 1
