"""Certificates for tests of cells files: written into a folder, good or bad in a way of their own."""

from __future__ import annotations

import datetime
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

PASSPHRASE = "sesame-opens"


def issue(folder: Path, ca: trustme.CA, *, days: int = 30, name: str = "client", encrypted: bool = False) -> None:
    """Write `client.pem` and `client.key`, valid until so many days from now."""
    now = datetime.datetime.now(datetime.UTC)
    begun = now - datetime.timedelta(days=90)
    issued = ca.issue_cert("runner.example", not_before=begun, not_after=now + datetime.timedelta(days=days))
    (folder / f"{name}.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    raw = issued.private_key_pem.bytes()
    if encrypted:
        key = load_pem_private_key(raw, None)
        encryption = BestAvailableEncryption(PASSPHRASE.encode())
        raw = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    (folder / f"{name}.key").write_bytes(raw)


def cells_text(more: str, *, endpoints: str = "{api: 'https://127.0.0.1:1'}", head: str = "") -> str:
    """A cells file with one cell, `one`, that has these lines more."""
    return f"""\
allow: ["127.0.0.1:*"{head}]
cells:
  one:
    environment: test
    brand: b
    market: MT
    track: canary
    version: 1.2.3
    currency: EUR
    platform: p
    endpoints: {endpoints}
{"".join(f"    {line}" for line in more.splitlines(keepends=True))}
"""
