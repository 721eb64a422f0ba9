"""Reading requests of the player API, and refusing what is malformed."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

from synthetic.reference.cell.errors import ApiError

_KEY_LENGTH_MAX = 255
_MINOR_MAX = 10**12


async def read_json(request: Request) -> dict[str, Any]:
    """The body as a JSON object. Raises ApiError 400 `malformed`."""
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "malformed", f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise ApiError(400, "malformed", "the body has to be a JSON object")
    return body


def text(body: dict[str, Any], name: str) -> str:
    """A field that has to be a non-empty string of printable characters. Raises ApiError 400 `malformed`."""
    value = body.get(name)
    # Unpaired surrogates and NUL are legal JSON that no database stores.
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ApiError(400, "malformed", f"{name!r} has to be a non-empty string of printable characters")
    return value


def whole(body: dict[str, Any], name: str) -> int:
    """A field that has to be a whole number of minor units, zero or above. Raises ApiError 400 `malformed`."""
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MINOR_MAX:
        raise ApiError(400, "malformed", f"{name!r} has to be a whole number from 0 to {_MINOR_MAX}")
    return value


def idempotency_key(request: Request) -> str:
    """The `Idempotency-Key` header. Raises ApiError 400 `idempotency_key_required`."""
    key = request.headers.get("idempotency-key", "")
    if not 0 < len(key) <= _KEY_LENGTH_MAX:
        raise ApiError(400, "idempotency_key_required", f"send an Idempotency-Key of 1 to {_KEY_LENGTH_MAX} characters")
    return key
