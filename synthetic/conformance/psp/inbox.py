"""What a PSP notified us of: deliveries, their signatures, and how we answered. The receiver (`receiver.py`) fills it."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synthetic.conformance.answers import json_object

SIGNATURE_HEADER = "stripe-signature"
TOLERANCE_S = 300
DELIVERIES_MAX = 2000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of an event. `at_s`: our Unix time when it came; `answered`: the status that we gave."""

    raw: bytes
    headers: Mapping[str, str] = field(repr=False)
    at_s: float
    answered: int

    @property
    def event(self) -> Mapping[str, Any]:
        """The event, or nothing where the body is none."""
        return json_object(self.raw) or {}

    @property
    def event_id(self) -> str:
        """The event's own id."""
        return str(self.event.get("id", ""))

    @property
    def kind(self) -> str:
        """`payment_intent.succeeded`, ..."""
        return str(self.event.get("type", ""))

    @property
    def subject(self) -> Mapping[str, Any]:
        """The object that the event is about, as it was then."""
        data = self.event.get("data")
        subject = data.get("object") if isinstance(data, dict) else None
        return subject if isinstance(subject, dict) else {}


def subject_of(event_raw: bytes) -> str:
    """The id of the object that an event is about; `""` where the body is no event."""
    return str(Delivery(event_raw, {}, 0.0, 0).subject.get("id", ""))


class Inbox:
    """Deliveries in the order they came, and how many more of them are to be answered with an error."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self._lock = threading.Lock()
        self._deliveries: list[Delivery] = []
        self._refusals: dict[str, int] = {}

    def refuse(self, subject: str, times: int) -> None:
        """Answer 500 to the next `times` deliveries about an object."""
        with self._lock:
            self._refusals[subject] = times

    def take(self, raw: bytes, headers: Mapping[str, str], at_s: float) -> int:
        """Keep a delivery; answers the HTTP status that it gets."""
        subject = subject_of(raw)
        with self._lock:
            left = self._refusals.get(subject, 0)
            self._refusals[subject] = max(0, left - 1)
            status = 500 if left else 200
            if len(self._deliveries) < DELIVERIES_MAX:
                self._deliveries.append(Delivery(raw, dict(headers), at_s, status))
            return status

    def about(self, subject: str) -> tuple[Delivery, ...]:
        """The deliveries about an object."""
        return tuple(one for one in self.all() if one.subject.get("id") == subject)

    def all(self) -> tuple[Delivery, ...]:
        """Every delivery so far."""
        with self._lock:
            return tuple(self._deliveries)


def signature_fault(secret: str, delivery: Delivery) -> str | None:
    """What is wrong with the signature `t=<unix s>,v1=<hex HMAC-SHA256 of "{t}.{raw}">`; None where it is good.

    Source: https://docs.stripe.com/webhooks/signature. Several `v1` may stand there while a key is rotated.
    """
    header = delivery.headers.get(SIGNATURE_HEADER, "")
    if not header:
        return "it carries no Stripe-Signature"
    parts = [part.partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name.strip() == "t"]
    if len(stamps) != 1 or not stamps[0].isdigit():
        return "its Stripe-Signature has no time 't='"
    expected = hmac.new(secret.encode(), stamps[0].encode() + b"." + delivery.raw, hashlib.sha256).hexdigest()
    if not any(
        hmac.compare_digest(expected.encode(), value.encode()) for name, _, value in parts if name.strip() == "v1"
    ):
        return "no 'v1=' of its Stripe-Signature is that of the raw body under our secret"
    if abs(delivery.at_s - int(stamps[0])) > TOLERANCE_S:
        return f"its time is {delivery.at_s - int(stamps[0]):.0f} s off, and {TOLERANCE_S} s are tolerated"
    return None
