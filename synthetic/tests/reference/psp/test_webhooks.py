"""How events reach the merchant: signed anew each time, retried until a 2xx, duplicated, withheld."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from starlette.responses import JSONResponse, Response

from synthetic.reference.psp.pace import Pace
from synthetic.reference.psp.signing import body_signature, stripe_signature
from synthetic.reference.psp.webhooks import DeliveryPolicy
from synthetic.tests.reference.psp.running import SECRET, Call, RunningPsp, running_psp
from synthetic.tests.reference.psp.serving import wait_until
from synthetic.tests.reference.psp.test_intents import captured, intent, kinds

NOWHERE = "http://127.0.0.1:1"
FAST = Pace(capture_s=(0.0, 0.01))


def test_the_stripe_signature_is_over_time_stamp_and_raw_body() -> None:
    """Against a value that `openssl dgst -sha256 -hmac` computed."""
    at = datetime.fromtimestamp(1_700_000_000, UTC)
    expected = "cb290683499e424b0c72ea3cb367617e12fdb379e3d3bc57e2f2dceacb1c2aef"
    assert stripe_signature("whsec", b'{"a": 1}', at) == f"t=1700000000,v1={expected}"


def test_events_verify_with_the_merchants_secret(intents: RunningPsp) -> None:
    """The header matches the bytes that came, and its time stamp is now."""
    captured(intents)
    (call,) = intents.merchant.waits_for("payment_intent.succeeded")
    stamp = call.headers["stripe-signature"].split(",")[0].removeprefix("t=")
    at = datetime.fromtimestamp(int(stamp), UTC)
    assert call.headers["stripe-signature"] == stripe_signature(SECRET, call.raw, at)
    assert abs((datetime.now(UTC) - at).total_seconds()) < 5


def test_an_event_is_repeated_until_it_is_acknowledged(intents: RunningPsp) -> None:
    """500, then 302, then 204: three attempts, the same event, no fourth."""
    statuses = iter([500, 302, 204])
    intents.merchant.answers = lambda _call: Response(status_code=next(statuses))
    captured(intents)
    calls = intents.merchant.waits_for("payment_intent.succeeded", 3)
    assert len({call.body["id"] for call in calls}) == 1
    intents.merchant.answers = lambda _call: Response(status_code=200)
    captured(intents)
    intents.merchant.waits_for("payment_intent.succeeded", 4)
    assert len(intents.merchant.calls) == 4


def test_retries_are_bounded() -> None:
    """Three pauses make four attempts; then the PSP gives up (and life goes on)."""
    with running_psp("intents", pace=FAST) as psp:
        psp.merchant.answers = lambda _call: Response(status_code=503)
        captured(psp)
        psp.merchant.waits_for("payment_intent.succeeded", 4)
        psp.merchant.answers = lambda _call: Response(status_code=200)
        captured(psp)
        psp.merchant.waits_for("payment_intent.succeeded", 5)
        assert len(psp.merchant.calls) == 5


def test_every_fifth_event_comes_twice() -> None:
    """Ten events are twelve deliveries; the duplicates have the id of their original."""
    policy = DeliveryPolicy(duplicate_every=5, jitter_s=0.001)
    with running_psp("intents", pace=FAST, delivery=policy) as psp:
        for _ in range(10):
            intent(psp)
        calls = psp.merchant.waits_for("payment_intent.succeeded", 12)
        assert len({call.body["id"] for call in calls}) == 10


def test_events_may_overtake_each_other() -> None:
    """No order is promised: of twenty, some arrive before one that happened earlier."""
    policy = DeliveryPolicy(duplicate_every=10**9, jitter_s=0.1, seed=1)
    with running_psp("intents", pace=Pace(capture_s=(0.0, 0.0)), delivery=policy) as psp:
        made = [captured(psp)["id"] for _ in range(20)]
        calls = psp.merchant.waits_for("payment_intent.succeeded", 20)
        assert sorted(made) == sorted(call.body["data"]["object"]["id"] for call in calls)
        assert made != [call.body["data"]["object"]["id"] for call in calls]


def test_duplicates_webhooks(intents: RunningPsp) -> None:
    """The switch: three deliveries of each event."""
    intents.throw("duplicates_webhooks")
    captured(intents)
    assert len(intents.merchant.waits_for("payment_intent.succeeded", 3)) == 3


def test_withholds_webhooks(intents: RunningPsp) -> None:
    """The switch: captured, reported, never told. Once it is off, later events come."""
    intents.throw("withholds_webhooks")
    captured(intents, key="mute")
    assert kinds(intents, "mute") == ["capture"]
    intents.board.clear()
    captured(intents)
    assert len(intents.merchant.waits_for("payment_intent.succeeded")) == 1


def test_an_unreachable_merchant_is_no_crash() -> None:
    """Nobody listens at the webhook address; when the merchant comes back at another, the retries find it."""
    policy = DeliveryPolicy(backoff_s=(0.05,) * 40, duplicate_every=10**9, jitter_s=0.0)
    with running_psp("intents", pace=FAST, delivery=policy) as psp:
        merchant = {"cell": "canary", "api_key": "key-m-1", "webhook_secret": SECRET, "webhook_url": NOWHERE}
        psp.client.put("/_merchants/m-1", json=merchant)
        captured(psp)
        psp.client.put("/_merchants/m-1", json=merchant | {"webhook_url": psp.webhook_url})
        psp.merchant.waits_for("payment_intent.succeeded")


@pytest.mark.parametrize("raw", [b"", b"{}", "ü".encode()])
def test_the_style_b_signature_is_over_the_raw_body(raw: bytes) -> None:
    """Plain HMAC-SHA256, hex."""
    assert body_signature("s", raw) == hmac.new(b"s", raw, hashlib.sha256).hexdigest()


def test_style_b_asks_until_it_gets_a_200_that_says_something(notifications: RunningPsp) -> None:
    """500, an empty 200 and a 202 are no answers; the first real one ends it."""
    answers = iter([Response(status_code=500), Response(status_code=200), JSONResponse({"success": True}, 202)])
    good = notifications.merchant.answers

    def answer(call: Call) -> Response:
        return next(answers, good(call)) if call.name == "verifyuser" else good(call)

    notifications.merchant.answers = answer
    body = {"merchantTxId": "patient", "userId": "u", "amount": "1.00", "currency": "EUR", "instrument": "card_ok"}
    notifications.post("/api/deposits", body)
    notifications.merchant.waits_for("transfer")
    wait_until(lambda: len(notifications.merchant.named("verifyuser")) == 4)
