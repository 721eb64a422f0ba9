"""Webhooks of both styles at the cell: signed over the raw bytes, fresh, in any order, repeated, and about whom."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from synthetic.reference.cell.cashier.signatures import BadSignature, verify_stripe_signature
from synthetic.reference.psp.signing import body_signature, stripe_signature
from synthetic.tests.reference.cell.cashier.market import SECRET, Market


def subject(market: Market, id_: str, **changes: Any) -> dict[str, Any]:
    """The object of a style A event about a payment of 1.00 EUR."""
    metadata = {"reference": id_, "player": market.player, "key": id_}
    return {"id": "pi_1", "amount": 100, "currency": "EUR", "metadata": metadata} | changes


def event_bytes(market: Market, deposit_id: str) -> bytes:
    body = {"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": subject(market, deposit_id)}}
    return json.dumps(body).encode()


def tampered(raw: bytes) -> dict[str, str]:
    return {"Stripe-Signature": stripe_signature(SECRET, raw.replace(b"100", b"900"), datetime.now(UTC))}


def other_secret(raw: bytes) -> dict[str, str]:
    return {"Stripe-Signature": stripe_signature("guessed", raw, datetime.now(UTC))}


def shifted(seconds: int) -> Callable[[bytes], dict[str, str]]:
    def headers(raw: bytes) -> dict[str, str]:
        return {"Stripe-Signature": stripe_signature(SECRET, raw, datetime.now(UTC) + timedelta(seconds=seconds))}

    return headers


def new_stamp_on_old_signature(raw: bytes) -> dict[str, str]:
    old = stripe_signature(SECRET, raw, datetime.now(UTC) - timedelta(hours=1))
    return {"Stripe-Signature": f"t={int(datetime.now(UTC).timestamp())},{old.split(',')[1]}"}


@pytest.mark.parametrize(
    "headers",
    [
        tampered,
        other_secret,
        shifted(-301),
        shifted(+305),
        new_stamp_on_old_signature,
        lambda _raw: {},
        lambda _raw: {"Stripe-Signature": "t=abc,v1=00"},
        lambda _raw: {"Stripe-Signature": "v1=00"},
    ],
)
def test_a_bad_missing_or_stale_signature_changes_nothing(
    slow_market: Market, headers: Callable[[bytes], dict[str, str]]
) -> None:
    """Style A: 400 `bad_signature`; the deposit stays pending."""
    deposit_id = slow_market.deposit().json()["id"]
    raw = event_bytes(slow_market, deposit_id)
    answer = slow_market.deliver("psp-a", raw, headers(raw))
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_signature")
    assert (slow_market.state("deposits", deposit_id), slow_market.cash()) == ("pending", 1000)


@pytest.mark.parametrize("header", ["t=1,v1=\u00fc", "t=\u00b2,v1=00", ",,=,", "t=1,t=2,v1=00"])
def test_a_signature_that_is_rubbish_is_bad_and_no_crash(header: str) -> None:
    """Letters that are no hex, digits that are no number, two time stamps."""
    with pytest.raises(BadSignature):
        verify_stripe_signature(header, b"{}", SECRET, datetime.now(UTC))


def test_the_raw_bytes_are_verified(slow_market: Market) -> None:
    """The same JSON with other white space is not what was signed; as it was signed, it is accepted."""
    deposit_id = slow_market.deposit().json()["id"]
    raw = event_bytes(slow_market, deposit_id)
    headers = {"Stripe-Signature": stripe_signature(SECRET, raw, datetime.now(UTC))}
    assert slow_market.deliver("psp-a", raw.replace(b": ", b":"), headers).status_code == 400
    assert slow_market.deliver("psp-a", raw, headers).status_code == 200
    assert slow_market.state("deposits", deposit_id) == "succeeded"


def test_one_of_several_signatures_is_enough(slow_market: Market) -> None:
    """While the key rotates the PSP signs with both: the header has two `v1`."""
    deposit_id = slow_market.deposit().json()["id"]
    raw = event_bytes(slow_market, deposit_id)
    stamp, good = stripe_signature(SECRET, raw, datetime.now(UTC)).split(",")
    assert slow_market.deliver("psp-a", raw, {"Stripe-Signature": f"{stamp},v1=00ff,{good}"}).status_code == 200
    assert slow_market.cash() == 1100


@pytest.mark.parametrize("raw", [b"[]", b"{", b"{}", b'{"type": "payout.paid", "data": {"object": {}}}'])
def test_a_signed_event_that_makes_no_sense_is_refused(market: Market, raw: bytes) -> None:
    """400 `malformed`, not a crash."""
    answer = market.deliver("psp-a", raw, {"Stripe-Signature": stripe_signature(SECRET, raw, datetime.now(UTC))})
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed")


@pytest.mark.parametrize("kind", ["payment_intent.succeeded", "payout.failed", "charge.dispute.created"])
def test_an_event_about_something_unknown_is_acknowledged(market: Market, kind: str) -> None:
    """200: otherwise the PSP would repeat it for days."""
    assert market.tell_intents(kind, **subject(market, "dep_unknown")).status_code == 200
    assert market.cash() == 1000


def test_an_old_event_does_not_regress_a_final_state(slow_market: Market) -> None:
    """Failed after succeeded, and succeeded again: still succeeded, credited once."""
    deposit_id = slow_market.deposit().json()["id"]
    failure = {"last_payment_error": {"code": "card_declined", "decline_code": "do_not_honor"}}
    slow_market.tell_intents("payment_intent.succeeded", **subject(slow_market, deposit_id))
    slow_market.tell_intents("payment_intent.payment_failed", **subject(slow_market, deposit_id, **failure))
    slow_market.tell_intents("payment_intent.succeeded", **subject(slow_market, deposit_id))
    assert (slow_market.state("deposits", deposit_id), slow_market.cash()) == ("succeeded", 1100)


def test_a_payouts_events_may_swap_places(slow_market: Market) -> None:
    """A late failure that overtakes `paid`: the money is back once, and the withdrawal is failed."""
    withdrawal_id = slow_market.withdraw().json()["id"]
    for kind in ("payout.failed", "payout.paid", "payout.failed"):
        slow_market.tell_intents(kind, **subject(slow_market, withdrawal_id))
    assert slow_market.state("withdrawals", withdrawal_id) == "failed"
    assert (slow_market.cash(), slow_market.locked()) == (1000, 0)


@pytest.mark.parametrize("changes", [{"amount": 900}, {"currency": "USD"}])
def test_a_capture_in_another_amount_is_not_credited(slow_market: Market, changes: dict[str, Any]) -> None:
    """The PSP says that it captured something else than was asked for: the deposit fails, no cash moves."""
    deposit_id = slow_market.deposit().json()["id"]
    slow_market.tell_intents("payment_intent.succeeded", **subject(slow_market, deposit_id, **changes))
    deposit = slow_market.get(f"/cashier/deposits/{deposit_id}")
    assert (deposit["state"], deposit["decline_code"], slow_market.cash()) == ("failed", "amount_mismatch", 1000)


def facts(market: Market, deposit_id: str, **changes: Any) -> dict[str, Any]:
    """The body of a style B call about a deposit of 1.00 EUR."""
    body = {"txId": f"tx-{deposit_id}", "merchantTxId": deposit_id, "txAmount": "1.00"}
    return body | {"authCode": f"auth-{deposit_id}"} | changes


def test_a_transfer_credits_once_and_its_duplicate_gets_the_same_answer(slow_market: Market) -> None:
    """authorize, transfer, transfer: one credit, and byte for byte the same answer."""
    deposit_id = slow_market.deposit("psp-b").json()["id"]
    code = slow_market.tell_notifications("authorize", **facts(slow_market, deposit_id)).json()["authCode"]
    body = facts(slow_market, deposit_id, authCode=code)
    first, again = (slow_market.tell_notifications("transfer", **body) for _ in range(2))
    assert (first.json()["success"], first.content) == (True, again.content)
    assert slow_market.cash() == 1100


def test_a_duplicate_authorize_gets_the_same_answer_after_the_transfer(slow_market: Market) -> None:
    """A repeated call is answered as the first time, not by how things stand now."""
    deposit_id = slow_market.deposit("psp-b").json()["id"]
    first = slow_market.tell_notifications("authorize", **facts(slow_market, deposit_id))
    slow_market.tell_notifications("transfer", **facts(slow_market, deposit_id))
    assert slow_market.tell_notifications("authorize", **facts(slow_market, deposit_id)).content == first.content


@pytest.mark.parametrize(
    ("call", "changes", "code"),
    [
        ("authorize", {"txAmount": "9.00"}, "WRONG_AMOUNT"),
        ("authorize", {"merchantTxId": "dep_unknown"}, "UNKNOWN_TX"),
        ("authorize", {"userId": "player-0"}, "UNKNOWN_TX"),
        ("authorize", {"txAmount": "-1.00"}, "UNKNOWN_TX"),
        ("authorize", {"txAmount": "1.001"}, "INVALID_REQUEST"),
        ("authorize", {"txId": ""}, "INVALID_REQUEST"),
        ("transfer", {"authCode": "guessed"}, "INVALID_AUTH_CODE"),
        ("verifyuser", {"userId": "nobody"}, "UNKNOWN_USER"),
    ],
)
def test_a_refusal_is_a_200_with_its_code(slow_market: Market, call: str, changes: dict[str, Any], code: str) -> None:
    """`success: false, errCode`, and nothing moves."""
    deposit_id = slow_market.deposit("psp-b").json()["id"]
    body = facts(slow_market, deposit_id, **changes)
    body["txId"] = body["txId"] and f"{body['txId']}-{code}"
    answer = slow_market.tell_notifications(call, **body)
    assert (answer.status_code, answer.json()["success"], answer.json()["errCode"]) == (200, False, code)
    assert (slow_market.state("deposits", deposit_id), slow_market.cash()) == ("pending", 1000)


def test_a_self_excluded_player_is_refused_to_the_psp(slow_market: Market) -> None:
    """verifyuser says no; for a player in good standing it says yes, and in which currency."""
    good = slow_market.tell_notifications("verifyuser").json()
    assert (good["success"], good["balanceCy"], good["kycStatus"]) == (True, "EUR", "Approved")


@pytest.mark.parametrize("fault", ["tampered", "secret", "missing", "stale", "no stamp", "not json"])
def test_a_bad_style_b_signature_changes_nothing(slow_market: Market, fault: str) -> None:
    """403 `BAD_SIGNATURE`, so that the PSP asks again when the keys are in order; nothing moves."""
    deposit_id = slow_market.deposit("psp-b").json()["id"]
    age_s = 301 if fault == "stale" else 0
    body = facts(slow_market, deposit_id) | {"userId": slow_market.player, "txAmountCy": "EUR"}
    if fault != "no stamp":
        body["timestamp"] = int(datetime.now(UTC).timestamp()) - age_s
    raw = b"transfer" if fault == "not json" else json.dumps(body).encode()
    headers = {"X-Signature": body_signature("guessed" if fault == "secret" else SECRET, raw)}
    sent = raw.replace(b"1.00", b"9.00") if fault == "tampered" else raw
    answer = deliver_transfer(slow_market, sent, {} if fault == "missing" else headers)
    assert (answer.status_code, answer.json()["errCode"]) == (403, "BAD_SIGNATURE")
    assert (slow_market.state("deposits", deposit_id), slow_market.cash()) == ("pending", 1000)


def deliver_transfer(market: Market, raw: bytes, headers: dict[str, str]) -> httpx.Response:
    return market.deliver("psp-b/transfer", raw, headers)


@pytest.mark.parametrize("path", ["psp-z", "psp-b", "psp-a/transfer", "psp-b/steal"])
def test_an_address_that_no_psp_has_is_unknown(market: Market, path: str) -> None:
    """404, whatever the signature."""
    assert market.deliver(path, b"{}", {}).status_code == 404
