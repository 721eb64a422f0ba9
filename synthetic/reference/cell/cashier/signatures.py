"""Is a webhook the PSP's, and fresh? Verified over the raw bytes, before anything is parsed."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

TOLERANCE_S = 300


class BadSignature(Exception):  # noqa: N818 - the domain's word
    """The signature is missing, wrong or stale. Its text may be shown: it holds no secret."""


def verify_stripe_signature(header: str, raw: bytes, secret: str, now: datetime) -> None:
    """`t=<unix s>,v1=<hex>[,v1=...]` over `"{t}.{raw}"`; while a key rotates there is one `v1` per key. Raises BadSignature."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    signatures = [value for name, _, value in pairs if name == "v1"]
    if len(stamps) != 1 or not signatures:
        raise BadSignature("Stripe-Signature has to be t=<seconds>,v1=<hex>")
    signed = stamps[0].encode() + b"." + raw
    if not any(_is_hmac(signature, secret, signed) for signature in signatures):
        raise BadSignature("the signature is not of these bytes")
    check_fresh(stamps[0], now)


def verify_body_signature(header: str, raw: bytes, secret: str) -> None:
    """Hex HMAC-SHA256 over the raw body. Its age is inside the body: see `check_fresh`. Raises BadSignature."""
    if not _is_hmac(header, secret, raw):
        raise BadSignature("X-Signature is not of these bytes")


def check_fresh(stamp: object, now: datetime) -> None:
    """A time stamp in Unix seconds is within the tolerance, in the past or the future. Raises BadSignature."""
    try:
        age_s = now.timestamp() - int(str(stamp))
    except ValueError:
        raise BadSignature("the time stamp is not in Unix seconds") from None
    if abs(age_s) > TOLERANCE_S:
        raise BadSignature(f"the time stamp is more than {TOLERANCE_S} s off")


def _is_hmac(presented: str, secret: str, signed: bytes) -> bool:
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), presented.encode())
