"""Signatures over exact bytes, against published vectors, and keys of the wrong kind."""

from __future__ import annotations

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from synthetic.core.signing import METHODS, BadKey, sign

# RFC 4231, test case 2.
KEY, BODY = "Jefe", b"what do ya want for nothing?"
DIGEST = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def pem(key: PrivateKeyTypes, password: bytes | None = None) -> str:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption).decode()


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def test_hmac_is_that_of_rfc_4231_in_hex_and_in_base64() -> None:
    """SOFTSWISS signs in hex; others write the same bytes in base64."""
    assert sign("hmac-sha256-hex", KEY, BODY) == DIGEST
    assert sign("hmac-sha256-base64", KEY, BODY) == base64.b64encode(bytes.fromhex(DIGEST)).decode()


def test_an_rsa_signature_verifies_with_the_public_key(rsa_key: rsa.RSAPrivateKey) -> None:
    """Hub88: base64 of RSA-SHA256, PKCS #1 v1.5, over the raw body; deterministic."""
    signature = base64.b64decode(sign("rsa-sha256-base64", pem(rsa_key), b'{"amount":1}'), validate=True)
    rsa_key.public_key().verify(signature, b'{"amount":1}', padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        rsa_key.public_key().verify(signature, b'{"amount": 1}', padding.PKCS1v15(), hashes.SHA256())
    assert base64.b64encode(signature).decode() == sign("rsa-sha256-base64", pem(rsa_key), b'{"amount":1}')


@pytest.mark.parametrize("method", ["hmac-sha256-hex", "hmac-sha256-base64"])
def test_one_byte_more_is_another_signature(method: str) -> None:
    """The bytes are signed, not the JSON that they mean."""
    assert sign(method, KEY, b'{"a":1}') != sign(method, KEY, b'{"a": 1}')


@pytest.mark.parametrize(
    "key", ["", "secret", "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n"]
)
def test_a_key_that_is_no_pem_is_refused_without_showing_it(key: str) -> None:
    """The message goes into reports; the key does not."""
    with pytest.raises(BadKey) as refusal:
        sign("rsa-sha256-base64", key, b"")
    assert str(refusal.value) == "the signing key is not a PEM private key"
    assert refusal.value.__cause__ is None


def test_a_key_of_another_kind_or_under_a_password_is_refused(rsa_key: rsa.RSAPrivateKey) -> None:
    """An elliptic-curve key can't make an RSA signature, and nobody is asked for a password at night."""
    with pytest.raises(BadKey, match="not an RSA key"):
        sign("rsa-sha256-base64", pem(ec.generate_private_key(ec.SECP256R1())), b"")
    with pytest.raises(BadKey, match="not a PEM private key"):
        sign("rsa-sha256-base64", pem(rsa_key, b"word"), b"")


def test_an_unknown_method_is_a_key_error() -> None:
    """config refuses it earlier, so it is our own impossible state here."""
    with pytest.raises(KeyError):
        sign("md5", KEY, BODY)
    assert set(METHODS) == {"hmac-sha256-hex", "hmac-sha256-base64", "rsa-sha256-base64"}
