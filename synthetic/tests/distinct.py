"""Objects that show a field which was forgotten, or taken for another one: no two of their fields hold the same."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from itertools import count
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from synthetic.core.money import Money

T = TypeVar("T")


def distinct(made: type[T]) -> T:
    """An object of a dataclass, each field by its type: not its default, and (truth values aside) not what another field has.

    Raises TypeError for a field of a type that nobody has needed here.
    """
    return _made(made, count(1001))  # type: ignore[no-any-return]


def _made(made: Any, numbers: Iterator[int]) -> Any:
    hints = get_type_hints(made)
    return made(**{field.name: _value(hints[field.name], field.default, numbers) for field in fields(made)})


def _value(hint: Any, default: object, numbers: Iterator[int]) -> Any:
    parts = [part for part in get_args(hint) if part not in (type(None), Ellipsis)]
    if get_origin(hint) in (types.UnionType, Union):
        return _value(parts[0], default, numbers)
    if get_origin(hint) is tuple:
        return tuple(_value(part, None, numbers) for part in parts)
    if hint is bool:
        return default is not True
    if hint is Money:
        return Money(next(numbers), "EUR")
    if hint in (int, float, str):
        return hint(next(numbers))
    if hint is bytes:
        return str(next(numbers)).encode()
    if issubclass(hint, Enum):
        return next(member for member in hint if member is not default)
    if is_dataclass(hint):
        return _made(hint, numbers)
    raise TypeError(f"no value for {hint}")
