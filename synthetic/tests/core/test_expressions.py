"""Expressions: checked when they are loaded, bounded when they run, and an error is never a truthy value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.errors import AuthorError, Place
from synthetic.core.expressions import Expression, ExpressionError, Kind, compile_expression, did_you_mean
from synthetic.core.money import Money

PLACE = Place("deposit.yaml", 7, 12)
WORDS = {
    "status": Kind.INT,
    "body": Kind.ANY,
    "flag": Kind.BOOL,
    "items": Kind.LIST,
    "headers": Kind.MAP,
    "out.state": Kind.STRING,
    "start.cash": Kind.MONEY,
    "end.cash": Kind.MONEY,
}


def compiled(text: str, *, expected: Kind | None = None) -> Expression:
    return compile_expression(text, WORDS, PLACE, expected=expected)


def value(text: str, currency: Any = "EUR", /, **scope: Any) -> Any:
    """The value of an expression; `end__cash=...` gives `end.cash`."""
    return compiled(text).value({name.replace("__", "."): given for name, given in scope.items()}, currency)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


# --- at load ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        ("status == '200'", 19, "(int, string)"),
        ("end.cash == 1", 21, "(money, int)"),
        ("end.cash >= 1.00", 21, "(money, double)"),
        ("end.cash + 1", 21, "(money, int)"),
        ("end.cash * 2", 21, "(money, int)"),
        ("end.cash == '1.00 EUR'", 21, "(money, string)"),
        ("status && flag", 19, "(int, bool)"),
        ("out.state > 3", 22, "(string, int)"),
    ],
)
def test_a_comparison_that_can_never_hold_is_refused_at_load(text: str, column: int, told: str) -> None:
    """`status == '200'` would be false for ever; the author hears of it with the operator's place."""
    with pytest.raises(AuthorError) as refusal:
        compiled(text)
    (mistake,) = refusal.value.mistakes
    assert mistake.place == Place("deposit.yaml", 7, column)
    assert told in mistake.message
    assert text in mistake.message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("end.cahs == start.cash", "did you mean 'end.cash'?"),
        ("out.stat == 'paid'", "did you mean 'out.state'?"),
        ("statsu == 200", "did you mean 'status'?"),
        ("mony('1.00 EUR') == end.cash", "did you mean 'money'?"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(text: str, hint: str) -> None:
    """A dotted name is a name like any other: `end.cahs` is an error at load, not a missing field at run time."""
    with pytest.raises(AuthorError) as refusal:
        compiled(text)
    assert refusal.value.mistakes[0].hint == hint
    assert "unknown name" in refusal.value.mistakes[0].message


def test_an_unknown_name_like_nothing_is_told_what_there_is() -> None:
    """Where no name is near, the hint lists the family of the name, or all of them, and not without end."""
    assert did_you_mean("end.zzz", ["end.cash", "end.bonus", "other"]) == "known here: end.bonus, end.cash"
    assert did_you_mean("qqq", [f"name{i:02}" for i in range(20)]).endswith("name07, ...")
    assert did_you_mean("qqq", []) == ""


def test_every_mistake_of_an_expression_is_told_at_once() -> None:
    """Two unknown names are two mistakes, in the order of the text, each on its own line of a YAML block."""
    with pytest.raises(AuthorError) as refusal:
        compiled("one == 1 &&\n  two == 2")
    assert [(m.place.line, m.place.column) for m in refusal.value.mistakes] == [(7, 12), (8, 14)]


@pytest.mark.parametrize("text", ["", "((", "status ==", "a b", "status = 200", "${{ status }}"])
def test_what_is_no_expression_is_refused_with_its_place(text: str) -> None:
    """A syntax error is the author's, with file, line and column."""
    with pytest.raises(AuthorError) as refusal:
        compiled(text)
    assert all(mistake.place.file == "deposit.yaml" and mistake.place.line == 7 for mistake in refusal.value.mistakes)


def test_an_expression_of_another_type_than_expected_is_refused() -> None:
    """A claim has to be a bool, an amount has to be money; what is only known at run time is let through."""
    with pytest.raises(AuthorError, match="of type int, but bool is expected here"):
        compiled("status", expected=Kind.BOOL)
    with pytest.raises(AuthorError, match="of type string, but money is expected"):
        compiled("out.state", expected=Kind.MONEY)
    assert compiled("body.amount", expected=Kind.MONEY).kind is Kind.ANY


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("end.cash == start.cash", {"end.cash", "start.cash"}),
        ("out.state == 'start.cash'", {"out.state"}),
        ('out.state == "it is \\"status\\""', {"out.state"}),
        ("body.status.flag", {"body"}),
        ("items.all(each, each.status == 1)", {"items"}),
        ("1 + 1", set()),
        ("status // not out.state", {"status"}),
        ("// 'out.state\nstatus // \"\n== 200", {"status"}),
        ("'// ' + out.state", {"out.state"}),
        ("r'\\d // ' + out.state // 'status'", {"out.state"}),
        ("'''it's status''' + out.state", {"out.state"}),
        ("(body).status", {"body"}),
        ("end . cash", {"end.cash"}),
        ("[1].map(each, money(each, 'EUR')) == [end.cash]", {"end.cash"}),
    ],
)
def test_an_expression_knows_the_names_that_it_reads(text: str, names: set[str]) -> None:
    """Those that the runtime resolves: what stands in texts and comments is no name, and neither is a field of a value."""
    assert compiled(text).names == names


# --- at run time ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "body.missing",
        "body.missing == 1",
        "body.missing ? true : true",
        "!body.missing",
        "[body.missing]",
        "{'key': body.missing}",
        "body.one / body.zero",
        "items[9]",
        "body.one.deeper",
        "body.text < body.one",
        "9223372036854775807 + body.one",
        "int(body.text)",
        "timestamp(body.text)",
        "money(body.text)",
        "money(body.one, 'eur')",
        "items.all(each, each.missing == 1)",
    ],
)
def test_an_error_is_raised_and_never_a_value(text: str) -> None:
    """The library hands errors back as values, whose text would be truthy; here each of them is an ExpressionError."""
    with pytest.raises(ExpressionError, match="`"):
        value(text, body={"one": 1, "zero": 0, "text": "paid"}, items=[1])


def test_a_claim_that_is_no_bool_is_an_error() -> None:
    """`holds` never takes 1, "true" or a list for true."""
    for wrong in (1, "true", [True], None):
        with pytest.raises(ExpressionError, match="not true or false"):
            compiled("body.x").holds({"body": {"x": wrong}}, "EUR")
    assert compiled("body.x").holds({"body": {"x": True}}, "EUR") is True


def test_a_name_without_a_value_is_told_by_name() -> None:
    """Steps that have not been played have no values; the message says which ones an expression misses."""
    with pytest.raises(ExpressionError, match=r"needs end\.cash, start\.cash, which has no value at this point"):
        value("end.cash == start.cash")


@pytest.mark.parametrize(("name", "wrong"), [("status", "200"), ("status", 10**30), ("flag", 1), ("out__state", 7)])
def test_a_value_of_another_type_than_declared_is_an_error(name: str, wrong: object) -> None:
    """What a name was declared to be is held against what it gets, too."""
    with pytest.raises(ExpressionError, match="Unexpected value type"):
        value(name.replace("__", "."), **{name: wrong})


@pytest.mark.parametrize("big", [2**63, 10**20, -(2**63) - 1, 10**300])
def test_an_integer_beyond_64_bits_stays_readable_as_text(big: int) -> None:
    """Providers send transaction ids of 20 digits; they are neither cut nor turned into floats."""
    assert value("body.id", body={"id": big}) == str(big)
    assert value("body.id == body.same", body={"id": big, "same": str(big)}) is True


@pytest.mark.parametrize("paid", ["paid\0", "paid\0declined", "\0", "paid\ud800"])
def test_a_text_that_only_begins_like_another_is_not_equal_to_it(paid: str) -> None:
    """The library cuts texts at NUL; `"paid\\0..."` must not equal `"paid"`, nor may it raise something strange."""
    assert value("body.state == 'paid'", body={"state": paid}) is False
    assert value("out.state in ['paid', '']", out__state=paid) is False


def test_a_key_that_only_begins_like_another_is_not_that_key() -> None:
    """The same holds for the keys of an object."""
    assert value("has(body.state)", body={"state\0x": 1}) is False


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.floats(allow_nan=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_json_goes_through_an_expression_unchanged(data: Any) -> None:
    """Whatever JSON an answer holds, `body` is that JSON, but for the one sign that the library can't hold."""
    assert value("body", body=data) == _without_nul(data)


def _without_nul(data: Any) -> Any:
    match data:
        case str():
            return data.replace("\0", "\ufffd")
        case list():
            return [_without_nul(item) for item in data]
        case dict():
            return {_without_nul(key): _without_nul(item) for key, item in data.items()}
        case _:
            return data


@pytest.mark.parametrize(
    "text",
    [
        "items.all(a, items.all(b, items.all(c, a + b + c >= 0)))",
        "items.map(a, items.map(b, items.map(c, a + b + c))).size() > 0",
        "items.exists(a, items.exists(b, items.exists(c, a + b + c < 0)))",
    ],
)
def test_a_comprehension_of_eight_million_turns_is_cut_off(text: str) -> None:
    """The work of an expression is bounded: no answer of a target can keep a run busy."""
    with pytest.raises(ExpressionError, match="budget"):
        value(text, items=list(range(200)))


def test_a_pattern_that_backtracks_elsewhere_is_matched_in_linear_time() -> None:
    """`(a+)+$` against 100,000 letters ends at once (RE2); the test's time-out is the assertion."""
    assert value("body.matches('^(a+)+$')", body="a" * 100_000 + "b") is False


# --- money ------------------------------------------------------------------------------------------------------------


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12))
def test_sums_and_order_of_money_are_those_of_its_minor_units(left: int, right: int) -> None:
    """Money travels as another type inside of the library; not a unit is lost on the way."""
    scope: dict[str, Any] = {"end__cash": eur(left), "start__cash": eur(right)}
    assert value("end.cash + start.cash", **scope) == eur(left + right)
    assert value("end.cash - start.cash", **scope) == eur(left - right)
    assert value("end.cash < start.cash", **scope) is (left < right)
    assert value("end.cash == start.cash", **scope) is (left == right)


def test_the_largest_amount_goes_through_and_a_larger_sum_is_an_error() -> None:
    """At 2**53 minor units nothing wraps around."""
    assert value("end.cash", end__cash=eur(2**53)) == eur(2**53)
    with pytest.raises(ExpressionError, match="overflow"):
        value("end.cash + end.cash", end__cash=eur(2**53))


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("money('1.00 USD') == end.cash", {}),
        ("money(body.minor, body.currency)", {"minor": 100, "currency": "USD"}),
        ("decimal(body.amount, 'USD')", {"amount": "1.00"}),
        ("units(body.minor, 100000, 'USD')", {"minor": 100_000}),
    ],
)
def test_another_currency_is_an_error_wherever_it_comes_from(text: str, body: object) -> None:
    """A run has one currency; an amount in another one is named, and never compared."""
    with pytest.raises(ExpressionError, match=r"\(\) is 1\.00 USD, but this run's currency is EUR"):
        value(text, body=body, end__cash=eur(100))


def test_an_amount_of_another_currency_can_not_even_be_bound() -> None:
    """An output in dollars in a run in euros is named by its own name."""
    with pytest.raises(ExpressionError, match=r"end\.cash is 1\.00 USD, but this run's currency is EUR"):
        value("end.cash == start.cash", end__cash=Money(100, "USD"), start__cash=eur(100))


def test_money_is_never_added_to_a_number_that_came_with_an_answer() -> None:
    """What the types can't see at load is an error at run time, and never equal."""
    with pytest.raises(ExpressionError, match="money"):
        value("body.amount + end.cash", body={"amount": 1}, end__cash=eur(1))
    assert value("body.amount == end.cash", body={"amount": 100}, end__cash=eur(100)) is False


def test_amounts_inside_of_lists_and_objects_come_back_as_money() -> None:
    """An output may be a structure."""
    assert value("{'all': [end.cash]}", end__cash=eur(5)) == {"all": [eur(5)]}


def test_a_run_in_yen_has_no_decimals() -> None:
    """The currency is the run's, not the expression's: the same text serves every market."""
    assert value("decimal(body, 'JPY')", "JPY", body="100") == Money(100, "JPY")
    with pytest.raises(ExpressionError, match="below the minor unit of JPY"):
        value("decimal(body, 'JPY')", "JPY", body="100.5")
