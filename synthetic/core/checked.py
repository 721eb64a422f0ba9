"""The checked form of an expression, as Google's runtime serialises it: a tree of the few kinds of nodes that `shortcuts` knows.

The wire form is `cel.expr.CheckedExpr` (github.com/google/cel-spec, proto/cel/expr/checked.proto and syntax.proto), inside of a
`google.protobuf.Any`. Names are resolved in it (`end.cash` is one name) and macros are expanded, so nothing is parsed twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_INT64 = 2**63
_ANY_VALUE = 2
_REFERENCES, _CHECKED_EXPR = 2, 4
_CONST, _IDENT, _SELECT, _CALL, _LIST = 3, 4, 5, 6, 7


@dataclass(frozen=True, slots=True)
class Constant:
    """null, true or false, an int, or a string."""

    value: bool | int | str | None


@dataclass(frozen=True, slots=True)
class Name:
    """A declared variable, under its whole dotted name."""

    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.field`; `tested`: `has(operand.field)`."""

    operand: Node
    field: str
    tested: bool


@dataclass(frozen=True, slots=True)
class Call:
    """An operator (`_==_`) or a function; what a member is called on is its first argument."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Several:
    """`[a, b]`."""

    items: tuple[Node, ...]


Node = Constant | Name | Select | Call | Several


class UnknownNode(ValueError):  # noqa: N818 - the sentence reads "an unknown node"
    """The expression has something else in it: a comprehension, a map, a float, bytes."""


def read_checked(serialised: bytes) -> Node:
    """The tree of a serialised expression. Raises UnknownNode."""
    checked = _only(serialised, _ANY_VALUE)
    return _node(_only(checked, _CHECKED_EXPR))


def names_referred_to(serialised: bytes) -> frozenset[str]:
    """What a serialised expression of any kind refers to: variables under their whole names, types, and what a macro declares.

    They come from the checker's own map of references. In the text a comment, a field or a text may look like a name.
    """
    checked = _only(serialised, _ANY_VALUE)
    references = [dict(_fields(entry))[2] for number, entry in _fields(checked) if number == _REFERENCES]
    return frozenset(_only(reference, 1).decode() for reference in references if not _is_function(reference))


def _is_function(reference: bytes) -> bool:
    return any(number == 3 for number, _ in _fields(reference))  # its overloads


def names_of(node: Node) -> Iterator[str]:
    """Every name in a tree."""
    match node:
        case Name(name):
            yield name
        case Select(operand):
            yield from names_of(operand)
        case Call(_, nodes) | Several(nodes):
            for one in nodes:
                yield from names_of(one)
        case Constant():
            return


def _node(message: bytes) -> Node:
    for number, value in _fields(message):
        if number == _CONST:
            return _constant(value)
        if number == _IDENT:
            return Name(_only(value, 1).decode())
        if number == _SELECT:
            return _select(dict(_fields(value)))
        if number == _CALL:
            return _call(list(_fields(value)))
        if number == _LIST:
            return _several(list(_fields(value)))
    raise UnknownNode("no node that is known here")


def _constant(message: bytes) -> Constant:
    ((number, value),) = _fields(message)
    match number:
        case 1:
            return Constant(None)
        case 2:
            return Constant(bool(value))
        case 3:
            return Constant(value - 2 * _INT64 if value >= _INT64 else value)
        case 6:
            return Constant(value.decode())
        case _:
            raise UnknownNode("a constant of another type")


def _select(fields: dict[int, Any]) -> Select:
    return Select(_node(fields[1]), fields[2].decode(), bool(fields.get(3)))


def _call(fields: list[tuple[int, Any]]) -> Call:
    function = next(value for number, value in fields if number == 2).decode()
    on = [_node(value) for number, value in fields if number == 1]
    return Call(function, (*on, *(_node(value) for number, value in fields if number == 3)))


def _several(fields: list[tuple[int, Any]]) -> Several:
    if any(number != 1 for number, _ in fields):
        raise UnknownNode("a list with optional items")
    return Several(tuple(_node(value) for _, value in fields))


def _only(message: bytes, wanted: int) -> bytes:
    for number, value in _fields(message):
        if number == wanted and isinstance(value, bytes):
            return value
    raise UnknownNode(f"no field {wanted}")


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a protobuf message (protobuf.dev/programming-guides/encoding) in their order."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
        elif kind == _BYTES:
            size, at = _varint(message, at)
            yield number, message[at : at + size]
            at += size
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
            yield number, message[at : at + size]
            at += size
        else:
            raise UnknownNode(f"a field of the wire type {kind}")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
