"""How PSPs sign what they send. Always over the raw bytes: a body that was parsed and written again no longer verifies."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime


def stripe_signature(secret: str, raw: bytes, at: datetime) -> str:
    """`t=<unix s>,v1=<hex HMAC-SHA256 of "{t}.{raw}">`, as https://docs.stripe.com/webhooks/signature."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def body_signature(secret: str, raw: bytes) -> str:
    """Hex HMAC-SHA256 of the raw body; its time stamp is inside the body."""
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
