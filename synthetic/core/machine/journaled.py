"""What the journal keeps of an operation's arguments: JSON, from which another process can look the effect up and undo it.

The journal never holds a secret: an argument in which a tainted text stands is left out, and so is one that has no JSON form
or is longer than anybody would pass by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from synthetic.core.money import Money, MoneyError
from synthetic.core.secrets import Redactor

ARGUMENT_MAX = 4096
"""Characters of one argument: what is longer is data that came from the target, and no key to an effect."""
_WRITE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True).encode
_COMPACT = json.JSONEncoder(allow_nan=False, sort_keys=True, separators=(",", ":")).encode
_MONEY = "$money"  # CEL has no names with a `$`, so no argument that a mapping makes has this key by accident


def written_args(args: Mapping[str, Any], redactor: Redactor) -> str:
    """The arguments as JSON, amounts as `{"$money": {"minor": 100, "currency": "EUR"}}`; the same ones give the same text."""
    plain = {name: _plain(value) for name, value in args.items()}
    whole = _written(_COMPACT, plain, redactor)
    if whole is not None:  # as nearly always: what is fine together has nothing in it that would be left out
        return whole
    return _COMPACT({name: value for name, value in plain.items() if _written(_WRITE, value, redactor) is not None})


def _written(write: Callable[[Any], str], value: Any, redactor: Redactor) -> str | None:
    """The value as JSON; None where it has no such form, is too long, or holds a secret."""
    try:
        text = write(value)
    except (TypeError, ValueError):
        return None
    return text if len(text) <= ARGUMENT_MAX and redactor.redact(text) == text else None


def read_args(text: str) -> dict[str, Any]:
    """The arguments that were written, amounts as Money. Of a row that has none, or none that can be read, nothing is known."""
    try:
        data = json.loads(text) if text else {}
        return {str(name): _money(value) for name, value in data.items()} if isinstance(data, dict) else {}
    except (ValueError, MoneyError):
        return {}


def _plain(value: Any) -> Any:
    match value:
        case Money():
            return {_MONEY: {"minor": value.minor, "currency": value.currency}}
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _money(value: Any) -> Any:
    match value:
        case {"$money": {"minor": int(minor), "currency": str(currency)}} if len(value) == 1:
            return Money(minor, currency)
        case dict():
            return {key: _money(item) for key, item in value.items()}
        case list():
            return [_money(item) for item in value]
        case _:
            return value
