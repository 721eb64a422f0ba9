"""The second evaluator computes what Google's runtime computes, or leaves it to the runtime."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.errors import Place
from synthetic.core.expressions import Expression, ExpressionError, Kind, compile_expression
from synthetic.core.machine.reading import NotJson, read_json
from synthetic.core.money import Money
from synthetic.core.shortcuts import shortcut

PLACE = Place("deposit.yaml", 7, 12)
WORDS = {
    "status": Kind.INT,
    "body": Kind.ANY,
    "flag": Kind.BOOL,
    "headers": Kind.MAP,
    "out.state": Kind.STRING,
    "out.any": Kind.ANY,
    "start.cash": Kind.MONEY,
    "end.cash": Kind.MONEY,
}
FIELDS = ["id", "state", "amount_minor", "currency", "entries"]

odd_texts = st.sampled_from(["a\x00b", "\ud800", "", "\U0001f3b0", "a\tb"])
plain_texts = st.sampled_from(["paid", "EUR", "1.00", "id", "USD"])
numbers = st.sampled_from([0, 1, 2, 200, -1])
odd_numbers = st.sampled_from([2**53, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**19])
odd = st.one_of(st.none(), st.booleans(), odd_numbers, odd_texts, st.sampled_from([0.5, 1.0, -0.0]))
amounts = st.builds(Money, st.sampled_from([0, 1, 100, 2**53, -(2**53)]), st.sampled_from(["EUR", "EUR", "EUR", "USD"]))
keys = st.sampled_from([*FIELDS, "", "a b", "a\x00"])
leaves = st.one_of(numbers, plain_texts, odd)
data = st.recursive(leaves, lambda of: st.one_of(st.lists(of, max_size=3), st.dictionaries(keys, of, max_size=4)))
payment = st.fixed_dictionaries(
    {"id": plain_texts, "state": plain_texts, "amount_minor": numbers, "currency": st.just("EUR"), "entries": data}
)
bodies = st.one_of(payment, data)

things = [f"body.{field}" for field in FIELDS] + [
    "out.any",
    "body.entries.id",
    "headers['id']",
    "out.any.id",
    "body['a b']",
]
whole = st.sampled_from(["status", "200", "-1", "9223372036854775807", "body.amount_minor", "body.True"])
written = st.sampled_from(["out.state", "'paid'", "'EUR'", "'a\\u0000b'", "body.state", "body.id", "body.currency"])
money = st.recursive(
    st.sampled_from(["start.cash", "end.cash", "money(body.amount_minor, body.currency)", "decimal('1.00', 'EUR')"]),
    lambda of: st.builds("({} {} {})".format, of, st.sampled_from("+-"), of),
    max_leaves=3,
)
numeric = st.one_of(
    whole, st.builds("({} {} {})".format, whole, st.sampled_from("+-"), whole), st.builds("{}.minor()".format, money)
)
texty = st.one_of(written, st.builds("({} + {})".format, written, written), st.builds("sha256({})".format, written))
value = st.one_of(
    st.sampled_from(things), numeric, texty, money, st.builds("[{}, {}]".format, whole, written), st.just("body")
)
compared = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
claim = st.recursive(
    st.one_of(
        *(st.builds("({} {} {})".format, of, compared, of) for of in (numeric, texty, money, st.sampled_from(things))),
        st.builds("has(body.{})".format, st.sampled_from(FIELDS)),
        st.builds("{} in ['paid', 'EUR']".format, written),
        st.builds("{} in [1, 200]".format, whole),
        st.builds("{}.startsWith({})".format, written, written),
        st.sampled_from(["flag", "true", "body.state == null", "has(out.any.id)", "body.id"]),
    ),
    lambda of: st.one_of(
        st.builds("({} {} {})".format, of, st.sampled_from(["&&", "||"]), of),
        st.builds("!({})".format, of),
        st.builds("({} ? {} : {})".format, of, of, of),
    ),
    max_leaves=4,
)
uncommented = st.one_of(
    value,
    claim,
    st.sampled_from(sorted(WORDS)),
    *(st.builds("{} ? {} : {}".format, claim, of, of) for of in (numeric, texty, money)),
)
comments = st.sampled_from(["", "// body, status, out.state\n", "// flag '\n"])
texts = st.builds("{}{} {}".format, comments, uncommented, comments)


def _as_json(value: Any) -> Any:
    """The value as an answer would bring it; what JSON can't hold comes as Python has it."""
    try:
        return read_json(json.dumps(value))
    except NotJson:
        return value


def _mostly(usual: st.SearchStrategy[Any], unusual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 9).flatmap(lambda number: usual if number else unusual)


scopes = st.fixed_dictionaries(
    {
        "status": _mostly(numbers, odd),
        "body": _mostly(bodies.map(_as_json), bodies),
        "flag": _mostly(st.booleans(), numbers),
        "headers": _mostly(st.dictionaries(keys, plain_texts).map(_as_json), st.dictionaries(keys, odd_texts)),
        "out.state": _mostly(plain_texts, odd),
        "start.cash": _mostly(amounts, odd),
    },
    optional={"out.any": st.one_of(leaves, amounts, data.map(_as_json)), "end.cash": _mostly(amounts, odd)},
)


def _outcome(compute: Any, scope: Any) -> object:
    try:
        return _told(compute(scope, "EUR"))
    except ExpressionError as error:
        return str(error)


def _told(value: Any) -> object:
    """A value with the types of all its parts: 1 is not true, and not 1.0."""
    match value:
        case dict():
            return {key: _told(item) for key, item in value.items()}
        case list():
            return [_told(item) for item in value]
        case _:
            return type(value).__name__, repr(value)


@given(texts, scopes)
def test_a_shortcut_computes_what_the_runtime_computes(text: str, scope: dict[str, Any]) -> None:
    """On every value that there is: the same value of the same type, or the same error in the same words."""
    try:
        expression = compile_expression(text, WORDS, PLACE)
    except Exception:  # noqa: BLE001 - most texts that are thrown together are refused when they are loaded
        return
    assert _outcome(expression.value, scope) == _outcome(expression.by_runtime, scope)


@pytest.mark.parametrize(
    ("text", "scope", "known"),
    [
        ("status == 200", {"status": 200}, True),
        ("status in [200, 404]", {"status": 500}, False),
        ("body.id", {"body": {"id": "d-1"}}, "d-1"),
        ("has(body.id) ? body.id : ''", {"body": {}}, ""),
        ("body.entries", {"body": {"entries": [{"id": 1}]}}, [{"id": 1}]),
        ("headers['x-cell-version']", {"headers": {"x-cell-version": "2.4.0"}}, "2.4.0"),
        ("money(body.amount_minor, body.currency)", {"body": {"amount_minor": 1, "currency": "EUR"}}, Money(1, "EUR")),
        ("end.cash == start.cash + end.cash", {"start.cash": Money(0, "EUR"), "end.cash": Money(7, "EUR")}, True),
        ("!(out.state != 'paid') && flag", {"out.state": "paid", "flag": True}, True),
    ],
)
def test_what_scenarios_are_made_of_has_a_shortcut(text: str, scope: dict[str, Any], known: Any) -> None:
    """Fields, comparisons, `has` and amounts are computed without the runtime: its absence would not be noticed."""
    held = {name: _as_json(value) if isinstance(value, dict) else value for name, value in scope.items()}
    assert _direct(compile_expression(text, WORDS, PLACE))(held, "EUR") == known


@pytest.mark.parametrize("text", ["out.state // not out.any", "// flag\nout.state", "(out.state)"])
def test_a_comment_changes_no_value(text: str) -> None:
    """A name in it is neither read nor needed, whatever its place in the order of the names."""
    expression = compile_expression(text, WORDS, PLACE)
    for scope in ({"out.state": "paid"}, {"out.state": "paid", "out.any": "other", "flag": True}):
        assert (
            expression.value(scope, "EUR") == expression.by_runtime(scope, "EUR") == _direct(expression)(scope, "EUR")
        )


@pytest.mark.parametrize(
    "kinds", [{"flag": "bool", "out.state": "string"}, {"out.state": "string", "flag": "bool"}, {}]
)
def test_an_expression_that_reads_something_else_than_was_said_has_no_shortcut(kinds: dict[str, str]) -> None:
    """The runtime binds what was said, so only where the tree says the same can both come to the same."""
    serialised = compile_expression("out.state", WORDS, PLACE)._compiled.serialize()
    assert shortcut(serialised, kinds) is None
    assert shortcut(serialised, {"out.state": "string"}) is not None


def _direct(expression: Expression) -> Any:
    serialised = expression._compiled.serialize()
    found = shortcut(serialised, {name: WORDS[name].value for name in expression.names})
    assert found is not None
    return found
