"""The anchor: how far a chain goes, kept outside of it, so that a tail that was cut off is missed.

With a key it is sealed by HMAC-SHA-256 (RFC 2104): then nobody without the key can write another chain and anchor it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from pathlib import Path

from synthetic.audit.line import Head, canonical, utc

KEY_VARIABLE = "SYNTHETIC_AUDIT_KEY"
FOLDER_VARIABLE = "SYNTHETIC_AUDIT_ANCHORS"


class BadAnchor(ValueError):  # noqa: N818 - the sentence reads "bad anchor"
    """An anchor that is missing, or that was not written as it now stands."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A chain's head at an instant. `keyed`: whether its seal was made with a key."""

    head: Head
    keyed: bool


def key_here() -> bytes | None:
    """The key of the seals, from this process's environment; None: anchors bear only their own hash."""
    return os.environ.get(KEY_VARIABLE, "").encode(errors="surrogateescape") or None


def folder_here() -> Path | None:
    """Where the anchors lie, from this process's environment; None: beside their chains."""
    named = os.environ.get(FOLDER_VARIABLE, "")
    return Path(named) if named else None


def write_anchor(path: Path, chain: str, head: Head, at_ns: int, key: bytes | None) -> None:
    """Replace the anchor, so that there is always a whole one on the disk. Raises OSError."""
    body = {"chain": chain, "count": head.count, "hash": head.hash, "at": utc(at_ns), "keyed": key is not None}
    text = canonical({**body, "seal": _seal(canonical(body), key)}) + b"\n"
    beside = path.with_name(f"{path.name}.new")
    with beside.open("wb") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)


def read_anchor(path: Path, chain: str, key: bytes | None) -> Anchor:
    """The anchor of a chain; without the key a keyed seal is not looked at. Raises BadAnchor, and OSError."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise BadAnchor(f"the anchor {path} is missing") from None
    try:
        body = json.loads(text)
        seal = body.pop("seal")
        head, keyed = Head(int(body["count"]), str(body["hash"])), body["keyed"] is True
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadAnchor(f"the anchor {path} is damaged") from None
    if body.get("chain") != chain or text != canonical({**body, "seal": seal}) + b"\n":
        raise BadAnchor(f"the anchor {path} is not as it was written")
    if key is not None and not keyed:
        raise BadAnchor(f"the anchor {path} was sealed without the key")
    if (not keyed or key is not None) and not hmac.compare_digest(
        str(seal).encode(errors="replace"), _seal(canonical(body), key).encode()
    ):
        raise BadAnchor(f"the anchor {path} does not bear its seal" + (", or the key is another one" if keyed else ""))
    return Anchor(head, keyed)


def _seal(body: bytes, key: bytes | None) -> str:
    return hashlib.sha256(body).hexdigest() if key is None else hmac.new(key, body, hashlib.sha256).hexdigest()
