"""Bodies of requests: from a plan to the exact bytes. What comes back is `reading.py`'s business."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from synthetic.core.expressions import ExpressionError
from synthetic.core.plan_exchanges import HttpPlan
from synthetic.core.templates import render

_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def render_body(plan: HttpPlan, scope: Mapping[str, Any], currency: str, fields: Mapping[str, str]) -> bytes:
    """The exact bytes to send; `fields` are the idempotency key, if it goes into the body (see `with_key`)."""
    if plan.body_kind == "none":
        return with_key(b"", fields)
    data = render(plan.body, scope, currency)
    if plan.body_kind == "raw":
        return with_key(str(data).encode(), fields)
    if plan.body_kind == "form":
        return urlencode(_form(data | fields)).encode()
    return keyed_json(data, fields)


def keyed_json(data: Any, fields: Mapping[str, str]) -> bytes:
    """JSON with the idempotency key: an object gets it as a field, anything else has to hold it already."""
    return encode_json({**data, **fields}) if isinstance(data, dict) else with_key(encode_json(data), fields)


def with_key(body: bytes, fields: Mapping[str, str]) -> bytes:
    """A body that no field can be added to, and which has to hold its key. Raises ExpressionError where it does not."""
    for name, key in fields.items():
        if key.encode() not in body:
            raise ExpressionError(f"the body has no place for the key {name!r}; write it there as ${{{{ key }}}}")
    return body


def _form(data: Mapping[str, Any]) -> dict[str, str]:
    for name, value in data.items():
        if isinstance(value, dict | list):
            raise ExpressionError(f"the form field {name} holds a {type(value).__name__}; a form has texts only")
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in data.items()}


def encode_json(data: Any) -> bytes:
    """Compact JSON with keys as written."""
    return _COMPACT(data).encode()
