"""From a mapping's values to facts: each field of the type that the fact declares, lists of rows as lines of statements."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from synthetic.core.history.entries import DoubleEntryLine, LedgerEntry, OpenItem, PspEntry, PspEvent, SinkRow
from synthetic.core.history.facts import FACTS, Fact, Told
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome

_LINES = (DoubleEntryLine, LedgerEntry, OpenItem, PspEntry, PspEvent, SinkRow)
_WRITTEN = {"Money": "amount", "str": "text", "int": "whole number", "bool": "truth value"}


class MalformedEvidence(ValueError):  # noqa: N818 - it is evidence, and malformed
    """A statement that can't be read: a missing field, a wrong type."""


@cache
def fields_of(kind: str) -> tuple[str, ...]:
    """All fields that a mapping's `evidence: {<kind>: {...}}` may give."""
    own = {f.name for f in fields(Told)}
    return tuple(f.name for f in fields(FACTS[kind]) if f.name not in own)


@cache
def required_of(kind: str) -> tuple[str, ...]:
    """The fields that it has to give: those without a default."""
    needed = {f.name for f in fields(FACTS[kind]) if f.default is MISSING}
    return tuple(name for name in fields_of(kind) if name in needed)


def type_of(kind: str, name: str) -> type:
    """The type of a field: `Money`, `str`, `int`, `bool`, or `tuple` for lists."""
    return _TYPES[FACTS[kind]][name]


def fact(kind: str, step: str, outcome: StepOutcome, values: Mapping[str, Any], **told: Any) -> Fact:
    """Build the fact from a mapping's values; `told` are `sent_ns`, `received_ns`, `refusal`. Raises MalformedEvidence."""
    made = FACTS[kind]
    lacking = [name for name in required_of(kind) if name not in values]
    if lacking:
        raise MalformedEvidence(f"the {_spoken(kind)} has no {', '.join(lacking)}")
    given = {name: _read(kind, name, type_of(kind, name), values[name]) for name in fields_of(kind) if name in values}
    if "entries" in given:
        of: Any = made
        given["entries"] = _lines(kind, _line_of(of), given["entries"])
    return made(step=step, outcome=outcome, **given, **told)


def _plain(hint: Any) -> type:
    """`Money | None` is read as Money, `tuple[X, ...]` as tuple."""
    if get_origin(hint) in (types.UnionType, Union):
        return _plain(next(part for part in get_args(hint) if part is not type(None)))
    origin = get_origin(hint) or hint
    assert isinstance(origin, type)
    return origin


_TYPES: dict[type, dict[str, type]] = {
    made: {name: _plain(hint) for name, hint in get_type_hints(made).items()} for made in (*FACTS.values(), *_LINES)
}


@cache
def _line_of(made: Any) -> type:
    return next(line for line in _LINES if line in get_args(get_type_hints(made)["entries"]))


def _read(kind: str, name: str, wanted: type, value: Any) -> Any:
    """A value of the type that the fact declares. An id may be a number in one place and a text in another."""
    if wanted is tuple:
        if not isinstance(value, list | tuple):
            raise MalformedEvidence(
                f"the {_spoken(kind)} has a line that can't be read: its {name} are {_a(value)}, not a list"
            )
        return tuple(value)
    number_as_text = wanted is str and isinstance(value, int) and not isinstance(value, bool)
    if number_as_text:
        return str(value)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise MalformedEvidence(
            f"the {name} of the {_spoken(kind)} is {value!r}, which is no {_WRITTEN[wanted.__name__]}"
        )
    return value


def _lines(kind: str, line: type, rows: Sequence[Any]) -> tuple[Any, ...]:
    try:
        return tuple(_line(line, row) for row in rows)
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedEvidence(f"the {_spoken(kind)} has a line that can't be read: {error!r}") from None


def _line(line: type, row: Mapping[str, Any]) -> Any:
    """A line from a row: `amount_minor` and `currency` make its amount, `x_minor` any other one; ids become texts."""
    made: list[Any] = []
    for name, kind, default in _columns(line):
        value: Any = row[name] if default is MISSING else row.get(name)
        if value is None and default is not MISSING:
            made.append(default)
        elif kind is Money:
            made.append(Money(value, row["currency"]))
        else:
            made.append(value if type(value) is kind else str(value) if kind is str else kind(value))
    return line(*made)


@cache
def _columns(line: type) -> tuple[tuple[str, type, Any], ...]:
    """Under which name a row has each field (an amount as its minor units), its type, and what it is where it may be left out."""
    hints = _TYPES[line]
    return tuple(
        (f"{f.name}_minor" if hints[f.name] is Money else f.name, hints[f.name], f.default) for f in fields(line)
    )


def _spoken(kind: str) -> str:
    return kind.replace("_", " ")


def _a(value: Any) -> str:
    return type(value).__name__
