"""A second evaluator for the plain part of CEL: paths, comparisons, `has`, `&& || ! ?:`, and our own functions.

Google's runtime copies everything that an expression may read, which costs far more than to look one field up. What is computed
here is what the runtime would compute; wherever that is not plain (a missing field, a value of another type, a text or a number
that CEL can't hold, a foreign currency, an error of any kind) there is no answer (`NoShortcut`), and the runtime is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from synthetic.core.checked import Call, Constant, Name, Node, Select, Several, UnknownNode, names_of, read_checked
from synthetic.core.functions import FUNCTIONS, Overload
from synthetic.core.held import INT64, HeldList, HeldObject, is_holdable
from synthetic.core.money import MINOR_MAX, Money

Scope = Mapping[str, Any]
Evaluator = Callable[[Scope, str], Any]
"""From what is known and the run's currency to a value."""

_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_AMBIGUOUS = frozenset({"True", "False", "None", "nan", "inf", "-inf"})  # what keys that are no texts become
_TYPES = {"string": str, "int": int, "double": float, "money": Money}
_KINDS = {"string": str, "int": int, "bool": bool, "money": Money, "map": HeldObject, "list": HeldList}
_AS_IT_IS = frozenset({HeldObject, HeldList, bool, type(None)})
_OBJECTS = frozenset({HeldObject, dict})
_EQUALS_ITSELF = frozenset({str, int, bool, Money, type(None)})
_ORDERED = frozenset({str, int, Money})


class NoShortcut(Exception):  # noqa: N818 - the sentence reads "there is no shortcut"
    """Only the runtime can tell."""


def shortcut(serialised: bytes, kinds: Mapping[str, str]) -> Callable[[Scope, str], Any] | None:
    """The evaluator of a checked expression, `kinds` being the declared types of what it reads; None where it is not plain.

    It raises NoShortcut, or KeyError, where the runtime has to be asked.
    """
    try:
        node = read_checked(serialised)
        evaluate = _evaluator(node)
    except UnknownNode:
        return None
    if set(names_of(node)) != kinds.keys():  # the runtime would take in something else than what is looked at here
        return None
    if isinstance(node, Name):
        return _of_the_name(node.name, _KINDS.get(kinds[node.name]))
    names = tuple((name, _KINDS.get(kind)) for name, kind in kinds.items())

    def compute(scope: Scope, currency: str) -> Any:
        for name, wanted in names:
            _require_plain(scope[name], wanted, currency)
        value = evaluate(scope, currency)
        kind = type(value)
        if kind is dict:  # a part of data that is held is held, too
            return HeldObject(value)
        return HeldList(value) if kind is list else value

    return compute


def _of_the_name(name: str, wanted: type | None) -> Callable[[Scope, str], Any]:
    """The evaluator of an expression that is nothing but a name."""

    def compute(scope: Scope, currency: str) -> Any:
        value = scope[name]
        _require_plain(value, wanted, currency)
        return value

    return compute


def _require_plain(value: Any, wanted: type | None, currency: str) -> None:
    """Every name that the expression reads has to go into the runtime as it is, also one that would not be looked at."""
    kind = type(value)
    if wanted is not None and kind is not wanted:
        raise NoShortcut
    if kind in _AS_IT_IS:
        return
    if kind is str:
        if not is_holdable(value):
            raise NoShortcut
    elif kind is int:
        if not -INT64 <= value < INT64:
            raise NoShortcut
    elif kind is not Money or value.currency != currency:
        raise NoShortcut


def _evaluator(node: Node) -> Evaluator:
    """A closure for each node. Raises UnknownNode."""
    match node:
        case Constant(value):
            if isinstance(value, str) and not is_holdable(value):
                raise UnknownNode("a text that the runtime cuts")
            return lambda _scope, _currency: value
        case Name(name):
            return lambda scope, _currency: scope[name]
        case Select(operand, field, tested):
            return _select(_evaluator(operand), field, tested=tested)
        case Several(items):
            return _several(items)
        case Call(function, arguments):
            return _call(function, arguments)


def _select(operand: Evaluator, field: str, *, tested: bool) -> Evaluator:
    if not _FIELD.fullmatch(field) or field in _AMBIGUOUS:
        raise UnknownNode(f"the field {field!r}")

    def select(scope: Scope, currency: str) -> Any:
        value = operand(scope, currency)
        if type(value) not in _OBJECTS:
            raise NoShortcut
        return value[field]

    def has(scope: Scope, currency: str) -> bool:
        value = operand(scope, currency)
        if type(value) not in _OBJECTS:
            raise NoShortcut
        return field in value

    return has if tested else select


def _several(items: tuple[Node, ...]) -> Evaluator:
    evaluators = [_evaluator(item) for item in items]

    def several(scope: Scope, currency: str) -> Any:
        values = [evaluate(scope, currency) for evaluate in evaluators]
        if Money in map(type, values):
            raise NoShortcut
        return values

    return several


def _call(function: str, arguments: tuple[Node, ...]) -> Evaluator:
    if function == "@in":
        return _is_in(arguments)
    if function == "_[_]" and isinstance(arguments[1], Constant) and isinstance(arguments[1].value, str):
        return _select(_evaluator(arguments[0]), arguments[1].value, tested=False)
    evaluators = [_evaluator(argument) for argument in arguments]
    if function in _OPERATORS:
        return _OPERATORS[function](*evaluators)
    if function in FUNCTIONS:
        return _function(FUNCTIONS[function], evaluators)
    raise UnknownNode(f"the function {function}")


def _is_in(arguments: tuple[Node, ...]) -> Evaluator:
    """`x in ['a', 'b']`: in constants of one type; what is of another type is compared by the runtime."""
    listed = arguments[1]
    if not isinstance(listed, Several) or not listed.items:
        raise UnknownNode("in something else than a list of constants")
    values = [item.value for item in listed.items if isinstance(item, Constant)]
    kinds = {type(value) for value in values}
    if len(values) != len(listed.items) or len(kinds) != 1 or not kinds <= {str, int}:
        raise UnknownNode("in something else than a list of constants of one type")
    element, known, kind = _evaluator(arguments[0]), frozenset(values), kinds.pop()

    def is_in(scope: Scope, currency: str) -> bool:
        value = element(scope, currency)
        if type(value) is not kind:
            raise NoShortcut
        return value in known

    return is_in


def _equal(left: Evaluator, right: Evaluator) -> Evaluator:
    def equal(scope: Scope, currency: str) -> bool:
        one, other = left(scope, currency), right(scope, currency)
        if type(one) is not type(other) or type(one) not in _EQUALS_ITSELF:
            raise NoShortcut
        return bool(one == other)

    return equal


def _different(left: Evaluator, right: Evaluator) -> Evaluator:
    equal = _equal(left, right)
    return lambda scope, currency: not equal(scope, currency)


def _in_order(holds: Callable[[Any, Any], bool]) -> Callable[[Evaluator, Evaluator], Evaluator]:
    """`<` and its like: of amounts, numbers and texts (by code point, as Python)."""

    def of(left: Evaluator, right: Evaluator) -> Evaluator:
        def ordered(scope: Scope, currency: str) -> bool:
            one, other = left(scope, currency), right(scope, currency)
            if type(one) is not type(other) or type(one) not in _ORDERED:
                raise NoShortcut
            return holds(one, other)

        return ordered

    return of


def _claim(evaluate: Evaluator, scope: Scope, currency: str) -> bool:
    value = evaluate(scope, currency)
    if value is True or value is False:
        return value
    raise NoShortcut


def _and(left: Evaluator, right: Evaluator) -> Evaluator:
    return lambda scope, currency: _claim(left, scope, currency) and _claim(right, scope, currency)


def _or(left: Evaluator, right: Evaluator) -> Evaluator:
    return lambda scope, currency: _claim(left, scope, currency) or _claim(right, scope, currency)


def _not(operand: Evaluator) -> Evaluator:
    return lambda scope, currency: not _claim(operand, scope, currency)


def _either(condition: Evaluator, then: Evaluator, otherwise: Evaluator) -> Evaluator:
    return lambda scope, currency: (
        then(scope, currency) if _claim(condition, scope, currency) else otherwise(scope, currency)
    )


def _sum(left: Evaluator, right: Evaluator) -> Evaluator:
    def add(scope: Scope, currency: str) -> Any:
        one, other = left(scope, currency), right(scope, currency)
        if type(one) is not type(other):
            raise NoShortcut
        return one + other if type(one) is str else _within(one, other, 1)

    return add


def _difference(left: Evaluator, right: Evaluator) -> Evaluator:
    def subtract(scope: Scope, currency: str) -> Any:
        one, other = left(scope, currency), right(scope, currency)
        if type(one) is not type(other):
            raise NoShortcut
        return _within(one, other, -1)

    return subtract


def _within(one: Any, other: Any, sign: int) -> Any:
    """The sum of two amounts or numbers where it is in range; CEL has errors for what is not."""
    if type(one) is Money:
        minor = one.minor + sign * other.minor
        if one.currency != other.currency or not -MINOR_MAX <= minor <= MINOR_MAX:
            raise NoShortcut
        return Money(minor, one.currency)
    if type(one) is not int:
        raise NoShortcut
    total = one + sign * other
    if not -INT64 <= total < INT64:
        raise NoShortcut
    return total


def _starts(left: Evaluator, right: Evaluator) -> Evaluator:
    def starts(scope: Scope, currency: str) -> bool:
        text, beginning = left(scope, currency), right(scope, currency)
        if type(text) is not str or type(beginning) is not str:
            raise NoShortcut
        return text.startswith(beginning)

    return starts


def _function(overloads: tuple[Overload, ...], evaluators: list[Evaluator]) -> Evaluator:
    by_types = {tuple(_TYPES.get(kind) for kind in one.parameters): one.function for one in overloads}
    arguments = tuple(evaluators)

    def call(scope: Scope, currency: str) -> Any:
        values = [evaluate(scope, currency) for evaluate in arguments]
        function = by_types.get(tuple(map(type, values)))
        if function is None:
            raise NoShortcut
        try:
            result = function(*values)
        except Exception:  # noqa: BLE001 - the runtime has the words for it
            raise NoShortcut from None
        if type(result) is int and not -INT64 <= result < INT64:
            raise NoShortcut
        if type(result) is Money and result.currency != currency:
            raise NoShortcut
        return result

    return call


_OPERATORS: dict[str, Callable[..., Evaluator]] = {
    "_==_": _equal,
    "_!=_": _different,
    "_<_": _in_order(lambda one, other: one < other),
    "_<=_": _in_order(lambda one, other: one <= other),
    "_>_": _in_order(lambda one, other: other < one),
    "_>=_": _in_order(lambda one, other: other <= one),
    "_&&_": _and,
    "_||_": _or,
    "!_": _not,
    "_?_:_": _either,
    "_+_": _sum,
    "_-_": _difference,
    "startsWith": _starts,
}
