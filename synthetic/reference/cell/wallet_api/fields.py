"""Reading the fields of a wallet call: present, of the right type, short enough to store."""

from __future__ import annotations

import json
from typing import Any

from synthetic.reference.cell.wallet_api.calls import Reason, Refused

_ID_LENGTH_MAX = 128


def parse(raw: bytes) -> dict[str, Any]:
    """The body as a JSON object. Raises Refused MALFORMED."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused(Reason.MALFORMED, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refused(Reason.MALFORMED, "the body has to be a JSON object")
    return body


def text(body: dict[str, Any], name: str, *, default: str | None = None) -> str:
    """A string field of 1 to 128 printable characters. Raises Refused MALFORMED or WRONG_TYPE."""
    value = body.get(name, default)
    if value is None:
        raise Refused(Reason.MALFORMED, f"{name!r} is missing")
    if not isinstance(value, str):
        raise Refused(Reason.WRONG_TYPE, f"{name!r} has to be a string")
    if value != default and not (0 < len(value) <= _ID_LENGTH_MAX and value.isprintable()):
        raise Refused(Reason.MALFORMED, f"{name!r} has to have 1 to {_ID_LENGTH_MAX} printable characters")
    return value


def flag(body: dict[str, Any], name: str, *, default: bool) -> bool:
    """A boolean field. Raises Refused WRONG_TYPE."""
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise Refused(Reason.WRONG_TYPE, f"{name!r} has to be true or false")
    return value
