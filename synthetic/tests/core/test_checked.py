"""The checked form of an expression is read as Google's runtime writes it."""

from __future__ import annotations

import pytest
from cel_expr_python import cel

from synthetic.core.checked import (
    Call,
    Constant,
    Name,
    Node,
    Select,
    Several,
    UnknownNode,
    names_of,
    names_referred_to,
    read_checked,
)


def serialised(text: str) -> bytes:
    names = {"body": cel.Type.DYN, "end.cash": cel.Type.DURATION, "n": cel.Type.INT, "size": cel.Type.INT}
    written = cel.NewEnv(variables=names).compile(text).serialize()
    assert isinstance(written, bytes)
    return written


def checked(text: str) -> Node:
    return read_checked(serialised(text))


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("end.cash", Name("end.cash")),
        ("body.id", Select(Name("body"), "id", tested=False)),
        ("has(body.a.id)", Select(Select(Name("body"), "a", tested=False), "id", tested=True)),
        ("n == -9223372036854775808", Call("_==_", (Name("n"), Constant(-(2**63))))),
        ("[null, true, 0]", Several((Constant(value=None), Constant(value=True), Constant(0)))),
        ("body['\u00fc']", Call("_[_]", (Name("body"), Constant("\u00fc")))),
        ("body.startsWith('')", Call("startsWith", (Name("body"), Constant("")))),
    ],
)
def test_a_tree_says_what_the_text_says(text: str, node: Node) -> None:
    """Names are whole, a member's object is its first argument, and negative numbers are numbers."""
    assert checked(text) == node


@pytest.mark.parametrize("text", ["body.map(e, e)", "{'a': 1}", "1.5", "b'x'", "[1.5]", "body.id == 2u"])
def test_what_has_no_shortcut_is_no_node(text: str) -> None:
    """Comprehensions, maps, floats and bytes are left to the runtime."""
    with pytest.raises(UnknownNode):
        checked(text)


def test_a_tree_knows_its_names() -> None:
    """Each as often as it is read."""
    assert sorted(names_of(checked("end.cash == end.cash && body.n == n"))) == ["body", "end.cash", "end.cash", "n"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("end.cash == end.cash && body.n == n // size", {"body", "end.cash", "n"}),
        ("double(size(body.id)) > 1.5", {"body"}),
        ("size > 1", {"size"}),
        ("{'n': [1.5].map(each, each + double(n))}", {"n", "each", "@result"}),
        ("type(n) == int", {"n", "int"}),
    ],
)
def test_names_are_those_that_the_checker_refers_to(text: str, names: set[str]) -> None:
    """Of any expression, also of one that is no tree here; a function is no name, and a variable is one that is called like it."""
    assert names_referred_to(serialised(text)) == names
