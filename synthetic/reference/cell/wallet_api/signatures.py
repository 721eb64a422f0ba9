"""Who signed a wallet call: the provider whose key verifies the raw bytes, before anything of them is parsed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.wallet_api.calls import Reason, Refused
from synthetic.reference.settings import ProviderAccount


def signed_by(context: CellContext, dialect: str, raw: bytes, signature: str) -> str:
    """The name of the dialect's provider whose key verifies the signature. Raises Refused SIGNATURE."""
    accounts = [account for account in context.settings.providers if account.dialect == dialect]
    for account in accounts:
        if _verifies(account, raw, signature):
            return account.provider
    rewritten = _rewritten(raw)
    for account in accounts:
        if (
            rewritten not in {b"", raw}
            and _verifies(account, rewritten, signature)
            and context.switch("verifies_parsed_body")
        ):
            return account.provider
    if accounts and context.switch("accepts_bad_signature"):
        return accounts[0].provider
    raise Refused(Reason.SIGNATURE)


def _rewritten(raw: bytes) -> bytes:
    """The body as a reader of JSON would write it again; nothing for what is no JSON."""
    try:
        return json.dumps(json.loads(raw)).encode()
    except (ValueError, RecursionError):
        return b""


def _verifies(account: ProviderAccount, raw: bytes, signature: str) -> bool:
    if account.dialect == "a":
        return verify_rsa(account.wallet_public_key_pem, raw, signature)
    return verify_hmac(account.wallet_secret, raw, signature)


def verify_rsa(public_key_pem: str, raw: bytes, signature: str) -> bool:
    """Whether base64 `signature` is RSA-SHA256 (PKCS #1 v1.5) over the raw bytes."""
    try:
        _public_key(public_key_pem).verify(
            base64.b64decode(signature, validate=True), raw, padding.PKCS1v15(), SHA256()
        )
    except (InvalidSignature, binascii.Error, UnicodeEncodeError, ValueError):
        return False
    return True


def verify_hmac(secret: str, raw: bytes, signature: str) -> bool:
    """Whether hex `signature` is HMAC-SHA256 over the raw bytes."""
    expected = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())


@lru_cache(maxsize=32)
def _public_key(pem: str) -> rsa.RSAPublicKey:
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, rsa.RSAPublicKey), "dialect A signs with RSA"
    return key
