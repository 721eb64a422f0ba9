"""What came back of whoever is examined, which is never trusted: a JSON object or nothing, and its like in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthetic.core.effects import HttpReply, TransportFault
from synthetic.core.machine.reading import NotJson, read_body, read_json


def json_object(body: bytes) -> Mapping[str, Any] | None:
    """The body as a JSON object; None where it is none, or none that every reader reads alike (`reading.read_json`)."""
    try:
        value = read_json(body.decode("utf-8"))
    except (UnicodeDecodeError, NotJson):
        return None
    return value if isinstance(value, dict) else None


def told(result: HttpReply | TransportFault, code: str = "") -> str:
    """An answer in a few words: `HTTP 402 card_declined`, `HTTP 200 with HTML (...) where JSON was expected`.

    `code` is what the target calls it, as it came: mask secrets, and cut then.
    """
    if not isinstance(result, HttpReply):
        return f"{result.kind}: {result.detail}"
    status = f"HTTP {result.status}"
    if code:
        return f"{status} {code}"
    body = read_body(result)
    return f"{status} with {body}" if body.flaw else status
