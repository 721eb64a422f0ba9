"""Style A: payment intents, refunds, payouts and the settlement report, over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from synthetic.reference.psp.pace import Pace
from synthetic.tests.reference.psp.running import RunningPsp, running_psp
from synthetic.tests.reference.psp.serving import wait_until


def intent(psp: RunningPsp, *, key: str | None = None, **changes: Any) -> httpx.Response:
    """Create and confirm an intent of 1.00 EUR, under a key of its own unless one is given."""
    key = key or uuid.uuid4().hex
    body = {
        "amount": 100,
        "currency": "EUR",
        "payment_method": "card_ok",
        "confirm": True,
        "metadata": {"player": key, "reference": f"dep-{key}"},
    }
    return psp.post("/v1/payment_intents", body | changes, key=key)


def payout(psp: RunningPsp, *, key: str | None = None, **changes: Any) -> httpx.Response:
    key = key or uuid.uuid4().hex
    metadata = {"player": key, "reference": f"wd-{key}"}
    body = {"amount": 100, "currency": "EUR", "destination": "card_ok", "metadata": metadata}
    return psp.post("/v1/payouts", body | changes, key=key)


def becomes(psp: RunningPsp, path: str, status: str) -> dict[str, Any]:
    wait_until(lambda: psp.get(path)["status"] == status)
    return psp.get(path)


def captured(psp: RunningPsp, **changes: Any) -> dict[str, Any]:
    id_ = intent(psp, **changes).json()["id"]
    return becomes(psp, f"/v1/payment_intents/{id_}", "succeeded")


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def kinds(psp: RunningPsp, player: str) -> list[str]:
    return [entry["kind"] for entry in psp.get("/v1/report", player=player)["entries"]]


def test_an_intent_is_processing_and_then_succeeded(intents: RunningPsp) -> None:
    """The capture comes later, with an event and an entry of the settlement report."""
    answer = intent(intents, key="happy")
    assert (answer.status_code, answer.json()["status"]) == (200, "processing")
    assert kinds(intents, "happy") == []
    becomes(intents, f"/v1/payment_intents/{answer.json()['id']}", "succeeded")
    (event,) = intents.merchant.waits_for("payment_intent.succeeded")
    assert event.body["data"]["object"]["metadata"]["reference"] == "dep-happy"
    (entry,) = intents.get("/v1/report", player="happy")["entries"]
    assert (entry["kind"], entry["amount"], entry["currency"]) == ("capture", 100, "EUR")
    assert (entry["key"], entry["reference"]) == ("happy", "dep-happy")


@pytest.mark.parametrize("code", ["insufficient_funds", "do_not_honor"])
def test_a_decline_is_a_402_and_an_event(intents: RunningPsp, code: str) -> None:
    """`card_declined` with the decline code; the intent waits for another payment method."""
    answer = intent(intents, payment_method=f"card_{code}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["decline_code"]) == (402, "card_declined", code)
    assert error["payment_intent"]["status"] == "requires_payment_method"
    intents.merchant.waits_for("payment_intent.payment_failed")


def test_a_processing_error_fails_later(intents: RunningPsp) -> None:
    """Accepted at first, then back to `requires_payment_method` with the error."""
    id_ = intent(intents, payment_method="card_processing_error").json()["id"]
    failed = becomes(intents, f"/v1/payment_intents/{id_}", "requires_payment_method")
    assert failed["last_payment_error"]["code"] == "processing_error"


def test_an_intent_can_be_confirmed_later(intents: RunningPsp) -> None:
    """Without `confirm` nothing is charged until it is confirmed."""
    created = intent(intents, confirm=False).json()
    assert created["status"] == "requires_confirmation"
    assert intents.post(f"/v1/payment_intents/{created['id']}/confirm").json()["status"] == "processing"
    again = intents.post(f"/v1/payment_intents/{created['id']}/confirm")
    assert error_of(again) == (400, "payment_intent_unexpected_state")


def test_a_canceled_intent_is_never_captured() -> None:
    """Canceled while it is processing: no capture, no event; canceling again changes nothing."""
    with running_psp("intents", pace=Pace(capture_s=(0.2, 0.2))) as psp:
        created = intent(psp, key="stop").json()
        for _ in range(2):
            assert psp.post(f"/v1/payment_intents/{created['id']}/cancel").json()["status"] == "canceled"
        captured(psp)  # a later one comes through
        psp.merchant.waits_for("payment_intent.succeeded")
        assert (kinds(psp, "stop"), len(psp.merchant.named("payment_intent.succeeded"))) == ([], 1)


def test_a_succeeded_intent_can_not_be_canceled(intents: RunningPsp) -> None:
    """400 `payment_intent_unexpected_state`."""
    answer = intents.post(f"/v1/payment_intents/{captured(intents)['id']}/cancel")
    assert error_of(answer) == (400, "payment_intent_unexpected_state")


def test_a_refund_returns_at_most_what_was_captured(intents: RunningPsp) -> None:
    """In parts, then no more; each part is an entry and an event."""
    done = captured(intents, key="back")
    parts = [intents.post("/v1/refunds", {"payment_intent": done["id"], "amount": 60}) for _ in range(2)]
    assert [part.status_code for part in parts] == [200, 400]
    assert error_of(parts[1]) == (400, "amount_too_large")
    assert intents.post("/v1/refunds", {"payment_intent": done["id"]}).json()["amount"] == 40
    assert error_of(intents.post("/v1/refunds", {"payment_intent": done["id"]}))[1] == "charge_already_refunded"
    assert kinds(intents, "back") == ["capture", "refund", "refund"]
    intents.merchant.waits_for("charge.refunded", 2)


def test_a_payout_leaves_and_arrives(intents: RunningPsp) -> None:
    """pending, then paid, with an event and an entry."""
    created = payout(intents, key="out").json()
    assert created["status"] == "pending"
    becomes(intents, f"/v1/payouts/{created['id']}", "paid")
    intents.merchant.waits_for("payout.paid")
    assert kinds(intents, "out") == ["payout"]


def test_a_payout_is_cancelled_while_it_is_pending(intents: RunningPsp) -> None:
    """Canceled: nothing is paid. Once it has left: 400."""
    created = payout(intents, key="halt").json()
    assert intents.post(f"/v1/payouts/{created['id']}/cancel").json()["status"] == "canceled"
    paid = payout(intents).json()
    becomes(intents, f"/v1/payouts/{paid['id']}", "paid")
    assert error_of(intents.post(f"/v1/payouts/{paid['id']}/cancel")) == (400, "payout_unexpected_state")
    assert kinds(intents, "halt") == []


def test_a_payout_may_fail_after_it_was_paid(intents: RunningPsp) -> None:
    """The switch `reverses_payouts`: both events, and the reversal in the report."""
    intents.throw("reverses_payouts")
    created = payout(intents, key="late").json()
    becomes(intents, f"/v1/payouts/{created['id']}", "failed")
    wait_until(lambda: kinds(intents, "late") == ["payout", "payout_reversal"])
    intents.merchant.waits_for("payout.failed")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": 0}, "parameter_invalid_integer"),
        ({"amount": 1.5}, "parameter_invalid_integer"),
        ({"amount": "100"}, "parameter_invalid_integer"),
        ({"amount": True}, "parameter_invalid_integer"),
        ({"currency": "euro"}, "parameter_invalid_currency"),
        ({"payment_method": "card_of_nobody"}, "resource_missing"),
        ({"metadata": {"player": 1}}, "parameter_invalid"),
    ],
)
def test_a_wrong_parameter_is_a_400(intents: RunningPsp, changes: Mapping[str, Any], code: str) -> None:
    """And it is not stored: the corrected request under the same key goes through."""
    key = uuid.uuid4().hex
    assert error_of(intent(intents, key=key, **changes)) == (400, code)
    assert intent(intents, key=key).status_code == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b"1"])
def test_a_body_that_is_no_json_object_is_a_400(intents: RunningPsp, body: bytes) -> None:
    """Also not stored."""
    answer = intents.client.post("/v1/payment_intents", content=body)
    assert error_of(answer) == (400, "malformed_json")


def test_a_merchant_sees_only_its_own(intents: RunningPsp) -> None:
    """Another merchant's key finds nothing of ours, and a wrong key finds nothing at all."""
    created = captured(intents, key="mine")
    other = {"cell": "baseline", "api_key": "key-2", "webhook_url": "http://127.0.0.1:1", "webhook_secret": "s"}
    assert intents.client.put("/_merchants/m-2", json=other).status_code == 200
    theirs = {"Authorization": "Bearer key-2"}
    path = f"/v1/payment_intents/{created['id']}"
    assert intents.client.get(path, headers=theirs).status_code == 404
    found = intents.client.get("/v1/payment_intents?idempotency_key=mine", headers=theirs)
    assert found.json()["data"] == []
    assert intents.client.get("/v1/report", headers=theirs).json()["entries"] == []
    assert intents.client.get(path, headers={"Authorization": "Bearer no"}).status_code == 401


def test_a_malformed_merchant_is_refused(intents: RunningPsp) -> None:
    """400 says that four texts are needed."""
    assert intents.client.put("/_merchants/m-3", json={"cell": "canary"}).status_code == 400


def test_a_payment_is_found_by_its_key(intents: RunningPsp) -> None:
    """None for a key that was never used, one otherwise."""
    created, sent = intent(intents, key="look").json(), payout(intents, key="look-out").json()
    found = intents.get("/v1/payment_intents", idempotency_key="look")["data"]
    assert [one["id"] for one in found] == [created["id"]]
    assert [one["id"] for one in intents.get("/v1/payouts", idempotency_key="look-out")["data"]] == [sent["id"]]
    assert intents.get("/v1/payment_intents", idempotency_key="never")["data"] == []
    assert intents.client.get("/v1/payment_intents").status_code == 400


def test_declines_bin(intents: RunningPsp) -> None:
    """Only cards of that BIN, with that code."""
    intents.throw("declines_bin", bin="510000", decline_code="suspected_fraud")
    declined = intent(intents, payment_method="card_ok_bin2").json()["error"]
    assert declined["decline_code"] == "suspected_fraud"
    assert intent(intents).status_code == 200


def test_a_switch_for_one_cell_leaves_the_other_alone(intents: RunningPsp) -> None:
    """Thrown for `baseline`, it does not touch the merchant of `canary`."""
    intents.throw("declines_bin", cell="baseline")
    assert intent(intents).status_code == 200
    intents.throw("declines_bin", cell="canary")
    assert intent(intents).status_code == 402


def test_answers_200_with_error(intents: RunningPsp) -> None:
    """HTTP 200, an error body, and nothing under the key."""
    intents.throw("answers_200_with_error")
    answer = intent(intents, key="lie")
    assert (answer.status_code, answer.json()["error"]["type"]) == (200, "api_error")
    assert intents.get("/v1/payment_intents", idempotency_key="lie")["data"] == []


def test_times_out_after_capture(intents: RunningPsp) -> None:
    """504 after a hang, and the money is captured all the same."""
    intents.throw("times_out_after_capture")
    assert intent(intents, key="hang").status_code == 504
    assert kinds(intents, "hang") == ["capture"]
