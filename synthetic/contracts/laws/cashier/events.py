"""The events of a PSP of style `intents`, as we send them in its place: what they tell, and how they are signed, well and badly.

Source: https://docs.stripe.com/webhooks/signature.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from typing import Any

from synthetic.core.effects import Http

STALE_BY_S = 3600
SIGNATURES = ("bad", "missing", "stale", "reformatted")
KINDS = {
    "captured": "payment_intent.succeeded",
    "failed": "payment_intent.payment_failed",
    "processing": "payment_intent.processing",
    "chargeback": "charge.dispute.funds_withdrawn",
    "paid": "payout.paid",
    "payout_failed": "payout.failed",
}
"""The facts that a PSP tells, as the checks call them, and the types of its events."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: which fact, of whose payment. `raw` is the body of all its deliveries."""

    id: str
    fact: str
    reference: str
    amount_minor: int
    raw: bytes


def event(fact: str, reference: str, player: str, amount_minor: int, currency: str, **more: Any) -> Event:
    """An event about a payment of the merchant's own `reference`."""
    metadata = {"reference": reference, "player": player, "key": reference}
    subject: dict[str, Any] = {
        "id": f"{'po' if fact in ('paid', 'payout_failed') else 'pi'}_{reference}",
        "metadata": metadata,
    }
    subject |= {"amount": amount_minor, "currency": currency} | more
    if fact == "captured":
        subject |= {"status": "succeeded", "amount_received": amount_minor}
    if fact == "failed":
        subject["last_payment_error"] = {"code": "card_declined", "decline_code": "do_not_honor", "message": "declined"}
    if fact == "payout_failed":
        subject["failure_code"] = "account_closed"
    id_ = f"evt_{uuid.uuid4().hex}"
    told = {"id": id_, "object": "event", "type": KINDS[fact], "data": {"object": subject}}
    return Event(id_, fact, reference, amount_minor, json.dumps(told).encode())


def delivery(url: str, told: Event, secret: str, now_s: int, signature: str = "good", timeout_s: float = 5.0) -> Http:
    """A delivery of an event to the merchant, signed as `signature` says (`good`, or one of `SIGNATURES`)."""
    stamp = now_s - STALE_BY_S if signature == "stale" else now_s
    signed = told.raw + b" " if signature == "bad" else told.raw
    sent = json.dumps(json.loads(told.raw), indent=1).encode() if signature == "reformatted" else told.raw
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + signed, hashlib.sha256).hexdigest()
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    if signature != "missing":
        headers = (*headers, ("Stripe-Signature", f"t={stamp},v1={digest}"))
    return Http("POST", url, headers, sent, timeout_s)
