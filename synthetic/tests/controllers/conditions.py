"""What Argo asks of a measurement: `successCondition` and `failureCondition`, in the part of expr-lang that gates use.

Operators `&& || ! == != < <= > >= in`, members and indices of `result`, literals, `asInt`, `asFloat`, `isNaN`, `isNil`,
`len`. A member that an object lacks is nil; anything else that can't be had, and any answer that is no boolean, is an error.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from typing import Any

WORDS = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(&&|\|\||!(?!=)|\btrue\b|\bfalse\b|\bnil\b)""")
IN_PYTHON = {"&&": " and ", "||": " or ", "!": " not ", "true": "True", "false": "False", "nil": "None"}
ORDERED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
CALLS: dict[str, Callable[[Any], Any]] = {
    "asInt": int,
    "asFloat": float,
    "isNaN": lambda value: isinstance(value, float) and math.isnan(value),
    "isNil": lambda value: value is None,
    "len": len,
}


class ConditionError(Exception):
    """The condition can't be judged on this result."""


def holds(condition: str, result: object) -> bool:
    """Whether a condition holds of a result. Raises ConditionError."""
    written = WORDS.sub(lambda found: found[1] or IN_PYTHON[found[2]], condition).strip()
    try:
        answer = _value(ast.parse(written, mode="eval").body, result)
    except (SyntaxError, ValueError, TypeError, LookupError) as error:
        raise ConditionError(f"{condition}: {error}") from None
    if not isinstance(answer, bool):
        raise ConditionError(f"{condition}: expected bool, but got {type(answer).__name__}")
    return answer


def _value(node: ast.expr, result: object) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id="result"):
            return result
        case ast.List(elts=parts):
            return [_value(part, result) for part in parts]
        case ast.Attribute(value=of, attr=name):
            return _member(_value(of, result), name)
        case ast.Subscript(value=of, slice=index):
            return _item(_value(of, result), _value(index, result))
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return not _boolean(_value(part, result))
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_boolean(_value(part, result)) for part in parts)
        case ast.BoolOp(op=ast.Or(), values=parts):
            return any(_boolean(_value(part, result)) for part in parts)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _compared(op, _value(left, result), _value(right, result))
        case ast.Call(func=ast.Name(id=name), args=[argument]) if name in CALLS:
            return CALLS[name](_value(argument, result))
        case _:
            raise ValueError(f"unknown: {ast.unparse(node)}")


def _member(of: object, name: str) -> Any:
    if not isinstance(of, dict):
        raise TypeError(f"cannot fetch {name} from {type(of).__name__}")
    return of.get(name)


def _item(of: object, index: object) -> Any:
    if isinstance(of, dict):
        return of.get(index)
    if isinstance(of, list) and isinstance(index, int):
        return of[index]
    raise TypeError(f"cannot fetch {index!r} from {type(of).__name__}")


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is no boolean")
    return value


def _compared(op: ast.cmpop, left: object, right: object) -> bool:
    match op:
        case ast.Eq():
            return left == right
        case ast.NotEq():
            return left != right
        case ast.In():
            return left in right  # type: ignore[operator]
        case _:
            return bool(ORDERED[type(op)](left, right))
