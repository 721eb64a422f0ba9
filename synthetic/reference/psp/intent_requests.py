"""What style A accepts in a request body, checked before anything is executed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from synthetic.reference.psp.errors import invalid
from synthetic.reference.psp.instruments import INSTRUMENTS

AMOUNT_MINOR_MAX = 99_999_999
_CURRENCY = re.compile(r"[A-Z]{3}")


def json_object(raw: bytes) -> dict[str, Any]:
    """The body as a JSON object; an empty body is an empty object. Raises ApiError 400."""
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        raise invalid("malformed_json", "the body is not JSON") from None
    if not isinstance(body, dict):
        raise invalid("malformed_json", "the body is not a JSON object")
    return body


def amount_of(body: Mapping[str, Any], *, default: int | None = None) -> int:
    """`amount` in minor units, 1 to 99999999. Raises ApiError 400."""
    amount = body.get("amount", default)
    if isinstance(amount, bool) or not isinstance(amount, int) or not 1 <= amount <= AMOUNT_MINOR_MAX:
        raise invalid("parameter_invalid_integer", f"amount is an integer from 1 to {AMOUNT_MINOR_MAX}, in minor units")
    return amount


def currency_of(body: Mapping[str, Any]) -> str:
    """`currency`, an ISO 4217 code in either case. Raises ApiError 400."""
    currency = body.get("currency")
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency.upper()):
        raise invalid("parameter_invalid_currency", "currency is a three-letter ISO 4217 code")
    return currency.upper()


def instrument_of(body: Mapping[str, Any], name: str) -> str:
    """The instrument under `name`. Raises ApiError 400 for one that nobody issued."""
    instrument = body.get(name)
    if not isinstance(instrument, str) or instrument not in INSTRUMENTS:
        raise invalid("resource_missing", f"{name} is one of {', '.join(sorted(INSTRUMENTS))}")
    return instrument


def metadata_of(body: Mapping[str, Any]) -> dict[str, str]:
    """`metadata`, text to text; absent is empty. Raises ApiError 400."""
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise invalid("parameter_invalid", "metadata maps text to text")
    return metadata
