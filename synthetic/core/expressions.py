"""CEL expressions with declared types, and money as a type of its own.

One thin layer over Google's CEL runtime (`cel-expr-python`), which keeps evaluation bounded. It adds what a money harness
needs: a run-time error is raised, never a truthy value; names and types are checked when a file is loaded, with the place in
the file; and money can't be mixed with numbers or with another currency. CEL lets nobody overload its operators, so money is
carried as CEL's duration (one minor unit = one microsecond): `+ - < ==` work between amounts and with nothing else.
See docs/decisions/0002-money-in-cel.md.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_encoders, ext_math, ext_strings

from synthetic.core.checked import names_referred_to
from synthetic.core.errors import AuthorError, Mistake, Place
from synthetic.core.functions import FUNCTIONS, Overload
from synthetic.core.held import INT64, UNHOLDABLE, HeldList, HeldObject
from synthetic.core.money import Money, MoneyError
from synthetic.core.shortcuts import NoShortcut, shortcut


class Kind(StrEnum):
    """The type of a variable or of an expression's value."""

    MONEY = "money"
    STRING = "string"
    INT = "int"
    BOOL = "bool"
    LIST = "list"
    MAP = "map"
    ANY = "any"


Vocabulary = Mapping[str, Kind]
"""The names that an expression may use, dotted ones included (`end.cash`), with their types."""

_CEL_TYPES = {
    Kind.MONEY: cel.Type.DURATION,
    Kind.STRING: cel.Type.STRING,
    Kind.INT: cel.Type.INT,
    Kind.BOOL: cel.Type.BOOL,
    Kind.LIST: cel.Type.List(cel.Type.DYN),
    Kind.MAP: cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
    Kind.ANY: cel.Type.DYN,
}
RESERVED = frozenset(
    (
        "as break const continue else false for function if import in let loop namespace null package return true var void while"
    ).split()
)
_MICROSECOND = timedelta(microseconds=1)
_COMPLAINT = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']+)'")
_SUGARED = {"google.protobuf.Duration": "money", "duration": "money", "Duration": "money", "dyn": "any", "int64": "int"}

# The binding has no functions per evaluation, so the currency that `money()` must agree with comes by context.
_currency: ContextVar[str] = ContextVar("currency")


class ExpressionError(Exception):
    """An expression could not be computed on the values at hand: a missing field, a wrong type, a foreign currency."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression. `names` are the declared variables that it reads; `kind` is the type of its value."""

    text: str
    place: Place
    kind: Kind
    names: frozenset[str]
    _compiled: Any = field(repr=False, compare=False)
    _shortcut: Callable[[Mapping[str, Any], str], Any] | None = field(default=None, repr=False, compare=False)

    def value(self, scope: Mapping[str, Any], currency: str) -> Any:
        """Compute the value; an amount comes back as Money in `currency`, the run's.

        Raises ExpressionError where a name has no value yet, an operator does not apply, or a currency differs.
        """
        if self._shortcut is not None:
            try:
                return self._shortcut(scope, currency)
            except (NoShortcut, KeyError):
                pass  # not plain after all: the runtime computes it, or has the words for what is wrong
        return self.by_runtime(scope, currency)

    def by_runtime(self, scope: Mapping[str, Any], currency: str) -> Any:
        """The same by Google's runtime alone: what `value` has to agree with."""
        missing = sorted(name for name in self.names if name not in scope)
        if missing:
            raise ExpressionError(f"`{self.text}` needs {', '.join(missing)}, which has no value at this point")
        token = _currency.set(currency)
        try:
            data = {name: _bind(scope[name], name, currency) for name in self.names}
            result = self._compiled.eval(data=data)
            plain = result.plain_value()
        except (RuntimeError, ValueError, OverflowError) as error:
            raise ExpressionError(f"`{self.text}`: {_plain_words(str(error))}") from None
        finally:
            _currency.reset(token)
        if result.type() == cel.Type.ERROR:  # the runtime hands errors back as text, which would be truthy
            raise ExpressionError(f"`{self.text}`: {_plain_words(str(plain))}")
        try:
            return _unbind(plain, currency)
        except MoneyError as error:  # a sum that no amount can hold
            raise ExpressionError(f"`{self.text}`: {error}") from None

    def holds(self, scope: Mapping[str, Any], currency: str) -> bool:
        """Compute a claim. Raises ExpressionError where its value is not true or false."""
        value = self.value(scope, currency)
        if not isinstance(value, bool):
            raise ExpressionError(f"`{self.text}` is {value!r}, not true or false")
        return value


def compile_expression(text: str, vocabulary: Vocabulary, place: Place, *, expected: Kind | None = None) -> Expression:
    """Check an expression against the names it may use. Raises AuthorError with the place of each mistake."""
    env = _environment(frozenset(vocabulary.items()))
    try:
        compiled = env.compile(text)
    except RuntimeError as error:
        raise AuthorError(_mistakes(str(error), text, vocabulary, place)) from None
    kind = _kind_of(compiled.return_type())
    if expected is not None and Kind.ANY not in (kind, expected) and kind is not expected:
        raise AuthorError.at(place, f"`{text}` is of type {kind}, but {expected} is expected here")
    serialised = compiled.serialize()
    names = names_referred_to(serialised).intersection(vocabulary)
    plain = shortcut(serialised, {name: vocabulary[name].value for name in names})
    return Expression(text, place, kind, names, compiled, plain)


@lru_cache(maxsize=512)
def _environment(vocabulary: frozenset[tuple[str, Kind]]) -> Any:
    return cel.NewEnv(
        variables={name: _CEL_TYPES[kind] for name, kind in vocabulary},
        functions=list(_declared_functions()),
        extensions=[ext_strings.ExtStrings(), ext_encoders.ExtEncoders(), ext_math.ExtMath()],
    )


@lru_cache(maxsize=1)
def _declared_functions() -> tuple[Any, ...]:
    return tuple(
        cel.FunctionDecl(name, [_declared(name, overload) for overload in overloads])
        for name, overloads in FUNCTIONS.items()
    )


def _declared(name: str, overload: Overload) -> Any:
    return cel.Overload(
        "_".join((name, *overload.parameters)),
        return_type=_CEL_TYPES[Kind(overload.returns)],
        parameters=[cel.Type.DOUBLE if p == "double" else _CEL_TYPES[Kind(p)] for p in overload.parameters],
        is_member=overload.member,
        impl=_adapted(name, overload.function),
    )


def _adapted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function on Money be called by CEL, which knows only durations."""

    def call(*arguments: Any) -> Any:
        currency = _currency.get()
        plain = [Money(a // _MICROSECOND, currency) if isinstance(a, timedelta) else a for a in arguments]
        result = function(*plain)
        return _bind(result, f"{name}()", currency)

    return call


def _bind(value: Any, name: str, currency: str) -> Any:
    match value:
        case Money():
            if value.currency != currency:
                raise MoneyError(f"{name} is {value}, but this run's currency is {currency}")
            return timedelta(microseconds=value.minor)
        case int() if not isinstance(value, bool) and not -INT64 <= value < INT64:
            return str(value)  # CEL's integers have 64 bits; a longer id stays readable as text
        case str():
            return _bound_text(value)
        case HeldObject():
            return dict(value)  # the runtime takes no subclasses
        case HeldList():
            return list(value)
        case Mapping():
            return {_bound_text(str(key)): _bind(item, f"{name}.{key}", currency) for key, item in value.items()}
        case list() | tuple():
            return [_bind(item, name, currency) for item in value]
        case _:
            return value


def _bound_text(text: str) -> str:
    """The text as CEL can hold it. The binding cuts a text at NUL, and then `"paid\\0..."` would equal `"paid"`."""
    return UNHOLDABLE.sub("\ufffd", text)


def _unbind(value: Any, currency: str) -> Any:
    match value:
        case timedelta():
            return Money(value // _MICROSECOND, currency)
        case bytearray():
            return bytes(value)
        case dict():
            # CEL's maps have no order of their own; sorted, one run is the same as its replay.
            return {key: _unbind(value[key], currency) for key in sorted(value, key=str)}
        case list():
            return [_unbind(item, currency) for item in value]
        case _:
            return value


def _kind_of(cel_type: Any) -> Kind:
    for kind, known in _CEL_TYPES.items():
        if cel_type == known:
            return kind
    name = str(cel_type)
    return Kind.LIST if name.startswith("LIST") else Kind.MAP if name.startswith("MAP") else Kind.ANY


def _mistakes(message: str, text: str, vocabulary: Vocabulary, place: Place) -> list[Mistake]:
    complaints = _COMPLAINT.findall(message) or [("1", "1", message)]
    return [
        Mistake(
            # An expression with line breaks is a YAML block, whose lines are indented alike.
            Place(place.file, place.line + int(line) - 1, place.column + int(column) - 1),
            f"`{text}`: {_plain_words(words)}",
            _suggestion(words, vocabulary),
        )
        for line, column, words in complaints
    ]


def _plain_words(message: str) -> str:
    message = re.sub(r"\s*\(in container ''\)", "", message)
    message = re.sub(r"^[A-Z_]+: ", "", message)
    for technical, plain in _SUGARED.items():
        message = message.replace(technical, plain)
    message = re.sub(r"\s*\[[A-Z_]+\]\s*$", "", message)
    message = re.sub(r"^Key not found in map : ", "there is no key ", message)
    message = message.replace("Applying SELECT to non-message type", "it is no object, so it has no such key")
    return message.replace("undeclared reference to", "unknown name")


def _suggestion(words: str, vocabulary: Vocabulary) -> str:
    unknown = _UNDECLARED.search(words)
    if unknown is None:
        return ""
    if unknown[1] in FUNCTIONS:
        forms = (f"{unknown[1]}({', '.join(overload.parameters)})" for overload in FUNCTIONS[unknown[1]])
        return f"it is called with other arguments: {', '.join(forms)}"
    return did_you_mean(unknown[1], [*vocabulary, *FUNCTIONS])


def did_you_mean(wrong: str, known: list[str], *, shown: int = 8) -> str:
    """The hint for an unknown name: the nearest known one, or what there is."""
    near = difflib.get_close_matches(wrong, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    family = [name for name in known if name.split(".")[0] == wrong.split(".", maxsplit=1)[0]] or list(known)
    listed = ", ".join(sorted(family)[:shown])
    return f"known here: {listed}" + (", ..." if len(family) > shown else "") if listed else ""
