"""Signatures over the exact bytes of a body, as wallet and PSP APIs want them (domain: Hub88, SOFTSWISS, PaymentIQ)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from functools import lru_cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


class BadKey(ValueError):  # noqa: N818 - the sentence reads "bad key"
    """The key is not of the kind that the method needs. The message never shows it."""


def _hmac_hex(key: str, body: bytes) -> str:
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def _hmac_base64(key: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


@lru_cache(maxsize=16)
def _rsa_key(key: str) -> rsa.RSAPrivateKey:
    """The key behind a PEM text; checking one takes 40 ms, which would be a stall of the event loop at every request."""
    try:
        private = serialization.load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError):
        raise BadKey("the signing key is not a PEM private key") from None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise BadKey("the signing key is not an RSA key")
    return private


def _rsa_base64(key: str, body: bytes) -> str:
    return base64.b64encode(_rsa_key(key).sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()


METHODS: dict[str, Callable[[str, bytes], str]] = {
    "hmac-sha256-hex": _hmac_hex,
    "hmac-sha256-base64": _hmac_base64,
    "rsa-sha256-base64": _rsa_base64,
}


def sign(method: str, key: str, body: bytes) -> str:
    """The signature as text for a header. Raises BadKey; KeyError for an unknown method (config refuses it earlier)."""
    return METHODS[method](key, body)
