"""Texts with holes: typed where a hole is the whole, text elsewhere, and money never inside of a text by itself."""

from __future__ import annotations

from typing import Any

import pytest

from synthetic.core.errors import AuthorError, Place
from synthetic.core.expressions import ExpressionError, Kind
from synthetic.core.money import Money
from synthetic.core.templates import Template, Tree, compile_template, render

PLACE = Place("reference.yaml", 4, 10)
WORDS = {"amount": Kind.MONEY, "name": Kind.STRING, "count": Kind.INT, "flag": Kind.BOOL, "body": Kind.ANY}
SCOPE = {"amount": Money(150, "EUR"), "name": "Ada", "count": 3, "flag": True, "body": {"x": [1]}}


def compiled(text: str, *, expected: Kind | None = None) -> Template:
    return compile_template(text, WORDS, PLACE, expected=expected)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("${{ count }}", Kind.INT, 3),
        ("${{flag}}", Kind.BOOL, True),
        ("${{ amount }}", Kind.MONEY, Money(150, "EUR")),
        ("${{ amount.minor() }}", Kind.INT, 150),
        ("${{ body.x }}", Kind.ANY, [1]),
        ("${{ count }} ", Kind.STRING, "3 "),
        ("/players/${{ name }}/bets/${{ count }}", Kind.STRING, "/players/Ada/bets/3"),
        ("${{ name }}${{ count }}", Kind.STRING, "Ada3"),
        ("${{ flag }}!", Kind.STRING, "true!"),
        ("paid ${{ amount.text() }}", Kind.STRING, "paid 1.50 EUR"),
        ("plain", Kind.STRING, "plain"),
        ("", Kind.STRING, ""),
        ("$ {{ no }} $HOME {x}", Kind.STRING, "$ {{ no }} $HOME {x}"),
    ],
)
def test_a_whole_hole_keeps_its_type_and_all_else_is_text(text: str, kind: Kind, value: object) -> None:
    """`"${{ count }}"` is the number 3; with anything beside it, it is text."""
    template = compiled(text)
    assert (template.kind, template.value(SCOPE, "EUR")) == (kind, value)


def test_a_text_without_a_hole_is_known_to_be_literal() -> None:
    """What is literal can be checked at load; what has a hole can't."""
    assert compiled("deposit").literal == "deposit"
    assert compiled("").literal == ""
    assert compiled("${{ name }}").literal is None
    assert compiled("a ${{ name }}").literal is None


def test_an_amount_inside_of_a_text_is_refused_at_load() -> None:
    """Nobody can tell which form of 1.50 EUR a platform wants; the author has to say it."""
    with pytest.raises(AuthorError) as refusal:
        compiled("amount=${{ amount }}")
    (mistake,) = refusal.value.mistakes
    assert mistake.place == Place("reference.yaml", 4, 21)
    assert mistake.message == "`amount` is an amount inside a text"
    assert ".minor()" in mistake.hint


def test_an_amount_that_shows_only_at_run_time_is_refused_then() -> None:
    """A value of unknown type that turns out to be money has no text form, and no JSON form."""
    with pytest.raises(ExpressionError, match=r"is an amount; say how it is written"):
        compiled("x ${{ dyn(amount) }}").value(SCOPE, "EUR")
    with pytest.raises(ExpressionError, match="an amount has no JSON form of its own"):
        render({"amount": compiled("${{ dyn(amount) }}")}, SCOPE, "EUR")


@pytest.mark.parametrize("text", ["${{ name", "a ${{", "${{ name }} and ${{ count }", "${{ name }"])
def test_a_hole_without_its_end_is_refused(text: str) -> None:
    """It would be sent as it stands."""
    with pytest.raises(AuthorError, match=r"`\$\{\{` without its `\}\}`"):
        compiled(text)


@pytest.mark.parametrize("text", ["${{ }}", "${{}}", "${{ ${{ name }} }}"])
def test_a_hole_without_an_expression_is_refused(text: str) -> None:
    """An empty hole, or one hole inside of another, is a mistake."""
    with pytest.raises(AuthorError):
        compiled(text)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("${{ nmae }}", 4, 14),
        ("${{nmae}}", 4, 13),
        ("/a/very/long/path/${{ count }}/and/${{ nmae }}", 4, 49),
        ("${{\n  nmae }}", 5, 12),
        ("first line\nsecond ${{ nmae }}", 5, 21),
        ("first ${{ name }}\n\n${{ nmae }}", 6, 14),
    ],
)
def test_a_mistake_in_a_hole_is_told_at_its_own_place(text: str, line: int, column: int) -> None:
    """The place is that of the wrong name, however long the text before it is and whatever line it is in."""
    with pytest.raises(AuthorError) as refusal:
        compiled(text)
    assert refusal.value.mistakes[0].place == Place("reference.yaml", line, column)
    assert refusal.value.mistakes[0].hint == "did you mean 'name'?"


def test_a_text_of_another_type_than_expected_is_refused() -> None:
    """A field that wants an amount takes no text, and one that may be anything is judged at run time."""
    with pytest.raises(AuthorError, match="this is of type int, but money is expected here"):
        compiled("${{ count }}", expected=Kind.MONEY)
    assert compiled("${{ body }}", expected=Kind.MONEY).kind is Kind.ANY


@pytest.mark.parametrize("whole", [{"x": [1]}, [1], None])
def test_a_structure_has_no_text_form(whole: Any) -> None:
    """Python's spelling of a list is not what anybody wanted to send."""
    with pytest.raises(ExpressionError, match="has no text form"):
        compiled("x ${{ body }}").value({"body": whole}, "EUR")


def test_a_tree_is_rendered_with_its_types() -> None:
    """JSON data with templates inside: texts, numbers, lists and objects stay what they are."""
    tree: Tree = {
        "minor": compiled("${{ amount.minor() }}"),
        "list": (compiled("${{ count }}"), 7, None, True),
        "deep": {"who": compiled("player ${{ name }}")},
    }
    rendered = render(tree, SCOPE, "EUR")
    assert rendered == {"minor": 150, "list": [3, 7, None, True], "deep": {"who": "player Ada"}}
