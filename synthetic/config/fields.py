"""The types of the models' fields: what a text has to be, in the reader's words, and its JSON Schema.

A value stays the `Text` that was written, with its place; the linker turns it into what it means.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from synthetic.config import durations, percents
from synthetic.config.located import Listed, Mapped, Text, describe
from synthetic.core.errors import Place
from synthetic.core.expressions import did_you_mean
from synthetic.core.money import Money


@dataclass(frozen=True, slots=True, eq=False)
class Reads:
    """An annotation of `Text`: what is expected, how to check it (raises ValueError), and its JSON Schema.

    `free`: any text will do, so a number or a truth value was probably meant to be one. `hidden`: never show what was found.
    """

    expected: str
    check: Callable[[str], object] = str
    schema: dict[str, Any] = field(default_factory=dict)
    free: bool = False
    hidden: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate by `_read`."""
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A text, as far as an editor is concerned."""
        return {"type": "string", **self.schema}

    def _read(self, value: Any) -> Text:
        if not isinstance(value, Text):
            if self.hidden:
                raise wrong(f"expected {self.expected}", "write it in quotes")
            raise wrong(f"expected {self.expected}, found {describe(value)}", quotes_hint(value) if self.free else "")
        if not value.stands_in:
            self._check(value)
        return value

    def _check(self, value: Text) -> None:
        try:
            self.check(value)
        except ValueError as error:
            message, _, hint = str(error).partition("\n")
            raise wrong(message, hint) from None


def quotes_hint(value: object) -> str:
    """How a number or a truth value is written where a text is wanted."""
    match value:
        case bool():
            return f'write it in quotes: "{str(value).lower()}"'
        case int():
            return f'write it in quotes: "{value}"'
        case _:
            return ""


def wrong(message: str, hint: str = "") -> PydanticCustomError:
    """A field's mistake in our own words."""
    return PydanticCustomError("wrong", "{message}", {"message": message, "hint": hint})


def _matches(pattern: str, expected: str) -> Callable[[str], object]:
    compiled = re.compile(pattern)

    def check(text: str) -> None:
        if not compiled.search(text):
            raise ValueError(f"expected {expected}, found {describe(text)}")

    return check


def _not_empty(expected: str) -> Callable[[str], object]:
    def check(text: str) -> None:
        if not text.strip():
            raise ValueError(f"expected {expected}, found an empty text")

    return check


def _bare_expression(text: str) -> None:
    if not text.strip():
        raise ValueError("expected an expression (CEL), found an empty text")
    if "${{" in text:
        raise ValueError("an expression is expected here, so it is written without ${{ }}")


def one_of(*values: str) -> Reads:
    """A text out of a few."""

    def check(text: str) -> None:
        if text not in values:
            raise ValueError(f"unknown value '{text}'\n{did_you_mean(text, list(values))}")

    return Reads(f"one of {', '.join(values)}", check, {"enum": list(values)})


_NAME = r"^[a-z0-9]([a-z0-9_.-]*[a-z0-9])?$"
_IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_]*$"
_DOTTED = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$"
_MONEY = r"^-?[0-9]+(\.[0-9]+)? [A-Z]{3}$"
_INPUT = r"^(money|string|int|bool|list|map|any)\??$"

AnyText = Annotated[Text, Reads("a text", free=True)]
HiddenText = Annotated[Text, Reads("a text", hidden=True)]
Title = Annotated[Text, Reads("a text", _not_empty("a text"), free=True)]
Name = Annotated[
    Text, Reads("a name", _matches(_NAME, "a name such as deposit-bet-withdraw (a-z 0-9 - _ .)"), {"pattern": _NAME})
]
Identifier = Annotated[
    Text,
    Reads(
        "a name such as deposit",
        _matches(_IDENTIFIER, "a name of letters, digits and _, such as first_deposit"),
        {"pattern": _IDENTIFIER},
    ),
]
OperationName = Annotated[
    Text,
    Reads(
        "the name of an operation",
        _matches(_DOTTED, "the name of an operation such as cashier.deposit"),
        {"pattern": _DOTTED},
    ),
]
Cel = Annotated[
    Text,
    Reads("an expression (CEL)", _bare_expression, {"description": "an expression (CEL)"}, free=True),
]
Template = Annotated[Text, Reads("a text, with holes ${{ expression }} if need be", free=True)]
MoneyText = Annotated[Text, Reads("an amount such as 1.00 EUR", Money.parse, {"pattern": _MONEY})]
Duration = Annotated[
    Text, Reads("a duration such as 250ms, 15s or 2m", durations.seconds, {"pattern": durations.PATTERN})
]
InputKind = Annotated[
    Text,
    Reads(
        "the type of an input",
        _matches(_INPUT, "money, string, int, bool, list, map or any, with a `?` behind it if it may be left out"),
        {"pattern": _INPUT},
    ),
]


def _as_percentage(value: Any) -> Any:
    """A number without its sign was meant as percents, or as a part of 1: nobody guesses which."""
    if type(value) is int:
        hint = f"write {value} %" if 1 < value <= 100 else ""
        raise wrong(f"expected a percentage such as 99.9 %, found {describe(value)}", hint)
    return value


Percent = Annotated[
    Annotated[Text, Reads("a percentage such as 99.9 %", percents.share, {"pattern": percents.PATTERN})],
    BeforeValidator(_as_percentage),
]
Latency = Annotated[
    Text, Reads("a time such as 400 ms or 1.5 s", durations.latency_s, {"pattern": durations.LATENCY_PATTERN})
]


@dataclass(frozen=True, slots=True, eq=False)
class Shorthand:
    """An annotation of a model: a bare text may stand for a mapping with this one key."""

    key: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Widen, then validate."""
        return core_schema.no_info_before_validator_function(self._widen, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Either form."""
        return {"anyOf": [{"type": "string"}, handler(schema)]}

    def _widen(self, value: Any) -> Any:
        return Mapped.single(self.key, value) if isinstance(value, Text) else value


def _as_statuses(value: Any) -> Any:
    """`ok: [200, 201]` and `ok: 202` as expressions; a text is one already."""
    if isinstance(value, Listed):
        if value and all(type(status) is int and 100 <= status <= 599 for status in value):
            return Text(f"status in {list(value)}", value.place)
        raise wrong("expected a list of HTTP statuses such as [200, 201], or an expression")
    if type(value) is int:
        return Text(f"status == {value}", Place())
    return value


_STATUSES = {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}


@dataclass(frozen=True, slots=True, eq=False)
class _WrittenAs:
    """Show another JSON Schema than that of the normal form."""

    schema: dict[str, Any]

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(self.schema)  # pydantic writes into what it is given


Statuses = Annotated[Cel, BeforeValidator(_as_statuses), _WrittenAs(_STATUSES)]
Tree = Annotated[Any, _WrittenAs({})]


def _as_values(value: Any) -> Any:
    if isinstance(value, Listed):
        if value and all(isinstance(item, Text) for item in value):
            return value
        odd = next((item for item in value if not isinstance(item, Text)), None)
        raise wrong("expected a list of texts, or one hole such as ${{ cell.psps }}", quotes_hint(odd))
    if isinstance(value, Text):
        return value
    raise wrong(f"expected a list of texts, or one hole such as ${{{{ cell.psps }}}}, found {describe(value)}")


MatrixValues = Annotated[
    Any,
    BeforeValidator(_as_values),
    _WrittenAs({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
