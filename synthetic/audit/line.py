"""One record as a line: canonical JSON with the hash of everything before it.

The body is JSON with sorted keys, without spaces, in ASCII. `hash` is SHA-256 over the previous record's hash (32 bytes) followed
by the body, and is written as the line's last member. So whoever knows one hash knows that nothing before it has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from synthetic.audit.entry import Entry

VERSION = 1
GENESIS = "0" * 64
_HASH_CHARS = 64


class BadLine(ValueError):  # noqa: N818 - the sentence reads "bad line"
    """A line that was not written by `link`, or not as it now stands."""


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain goes: how many records it has, and the hash of the last one."""

    count: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Record:
    """A line that holds together in itself: its fields without the hash, its hash, and its bytes without the line's end."""

    fields: Mapping[str, Any]
    hash: str
    line: bytes

    @property
    def kind(self) -> str:
        """Its `Kind`, as it is written."""
        return str(self.fields.get("kind", ""))

    @property
    def seq(self) -> int:
        """Its number in its chain, from 0; -1 where it has none."""
        number = self.fields.get("seq")
        return number if isinstance(number, int) else -1

    @property
    def data(self) -> Mapping[str, Any]:
        """Its details."""
        details = self.fields.get("data", {})
        return details if isinstance(details, dict) else {}

    @property
    def head(self) -> Head:
        """How far the chain goes with this record as its last."""
        return Head(self.seq + 1, self.hash)


def link(entry: Entry, chain: str, head: Head, at_ns: int) -> Record:
    """The record that follows `head` in a chain. `at_ns`: nanoseconds since the Unix epoch."""
    money = entry.amount
    body: dict[str, Any] = {
        "v": VERSION,
        "chain": chain,
        "seq": head.count,
        "prev": head.hash,
        "at": utc(at_ns),
        "kind": entry.kind.value,
        "who": entry.who,
        **{name: value for name in ("cell", "run", "key") if (value := getattr(entry, name))},
        **({} if money is None else {"amount_minor": money.minor, "currency": money.currency}),
        **({"data": dict(entry.data)} if entry.data else {}),
    }
    text = canonical(body)
    hashed = _hash(head.hash, text)
    return Record(body, hashed, _line(text, hashed))


def read(line: bytes) -> Record:
    """A record from its line (without the line's end). Raises BadLine where a byte of it is not as it was written."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        raise BadLine("it is not JSON") from None
    if not isinstance(fields, dict):
        raise BadLine("it is not a JSON object")
    hashed, previous = fields.pop("hash", None), fields.get("prev")
    if not (isinstance(hashed, str) and isinstance(previous, str) and _is_hash(previous)):
        raise BadLine("it has no hash of its own or of its predecessor")
    body = canonical(fields)
    if hashed != _hash(previous, body):
        raise BadLine("its hash is not that of its content: it was edited")
    if line != _line(body, hashed):
        raise BadLine("it is not in the canonical form: it was edited")
    return Record(fields, hashed, line)


def canonical(body: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys, no spaces and ASCII only: one text for one meaning."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def utc(at_ns: int) -> str:
    """An instant as RFC 3339 in UTC with all its nanoseconds: sorts as text, and no JSON reader rounds it."""
    seconds, nanos = divmod(at_ns, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanos:09d}Z"


def _line(body: bytes, hashed: str) -> bytes:
    return body[:-1] + b',"hash":"' + hashed.encode() + b'"}'


def _hash(previous: str, body: bytes) -> str:
    return hashlib.sha256(bytes.fromhex(previous) + body).hexdigest()


def _is_hash(text: str) -> bool:
    return len(text) == _HASH_CHARS and all(digit in "0123456789abcdef" for digit in text)
