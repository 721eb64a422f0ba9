"""How PSPs sign what they send. Always over the raw bytes: a body that was parsed and written again no longer verifies."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

ROTATED = "whsec_rotated"


@dataclass(frozen=True, slots=True)
class Seal:
    """How one event is signed in all its attempts: with the agreed secret or one that nobody was told, and by which clock."""

    is_rotated: bool = False
    skew_s: int = 0

    def secret(self, agreed: str) -> str:
        """The secret that signs."""
        return f"{ROTATED}:{agreed}" if self.is_rotated else agreed

    def at(self, now: datetime) -> datetime:
        """What the PSP thinks the time is."""
        return now + timedelta(seconds=self.skew_s)


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature with what it is over (for the PSP's own log)."""

    header: str
    text: str
    digest: str
    at_s: int


def sign_stripe(secret: str, raw: bytes, at: datetime) -> Signed:
    """`t=<unix s>,v1=<hex HMAC-SHA256 of "{t}.{raw}">`, as https://docs.stripe.com/webhooks/signature."""
    stamp = int(at.timestamp())
    signed = f"{stamp}.".encode() + raw
    digest = body_signature(secret, signed)
    return Signed(f"t={stamp},v1={digest}", signed.decode(errors="replace"), digest, stamp)


def stripe_signature(secret: str, raw: bytes, at: datetime) -> str:
    """The value of the `Stripe-Signature` header."""
    return sign_stripe(secret, raw, at).header


def sign_body(secret: str, raw: bytes, at: datetime) -> Signed:
    """Hex HMAC-SHA256 of the raw body; `at` is the time stamp inside it."""
    digest = body_signature(secret, raw)
    return Signed(digest, raw.decode(errors="replace"), digest, int(at.timestamp()))


def body_signature(secret: str, raw: bytes) -> str:
    """Hex HMAC-SHA256 of the raw body; its time stamp is inside the body."""
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
