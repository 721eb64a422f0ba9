"""What the journal keeps of an operation's arguments."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.machine.journaled import ARGUMENT_MAX, read_args, written_args
from synthetic.core.money import Money
from synthetic.core.secrets import Redactor
from synthetic.tests.core.machine.playing import HEALTHY, SECRET, answers, played

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8)
AMOUNTS = st.builds(Money, st.integers(-(10**9), 10**9), st.sampled_from(["EUR", "JPY", "KWD"]))
NAMES = st.text("abcdefg_", min_size=1, max_size=5)
ONE = SCALARS | AMOUNTS
VALUES = ONE | st.lists(ONE, max_size=2) | st.fixed_dictionaries({"a": ONE, "b": st.lists(ONE, max_size=1)})


@given(st.dictionaries(NAMES, VALUES, max_size=3))
def test_arguments_come_back_as_they_were(args: dict[str, Any]) -> None:
    """Amounts as Money, everything else as JSON has it."""
    assert read_args(written_args(args, Redactor())) == args


def test_an_amount_is_tagged() -> None:
    """Minor units and currency, never a decimal number."""
    assert written_args({"amount": Money(100, "EUR")}, Redactor()) == (
        '{"amount":{"$money":{"currency":"EUR","minor":100}}}'
    )


@pytest.mark.parametrize("value", [SECRET, f"Bearer {SECRET}", {"deep": [SECRET]}])
def test_an_argument_with_a_secret_is_left_out(value: Any) -> None:
    """Wherever in it the secret stands; the others are kept."""
    redactor = Redactor()
    redactor.taint(SECRET)
    assert json.loads(written_args({"pin": value, "psp": "psp-a"}, redactor)) == {"psp": "psp-a"}


@pytest.mark.parametrize("value", [b"bytes", float("nan"), object(), "x" * ARGUMENT_MAX])
def test_what_has_no_short_json_form_is_left_out(value: Any) -> None:
    """A look-up has no use for it, and it must not keep the intent from being written."""
    assert written_args({"odd": value}, Redactor()) == "{}"


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": {"$money": {"minor": 1, "currency": "euro"}}}'])
def test_what_can_not_be_read_is_not_known(text: str) -> None:
    """A row of an older journal, or a broken one, has no arguments."""
    assert read_args(text) == {}


def test_an_intent_holds_the_arguments_and_no_secret_of_them() -> None:
    """The password goes to the platform as a pin, and into no journal."""
    steps = '  - {id: login, call: login}\n  - {id: pay, call: pinned, with: {amount: 1.00 EUR, pin: "${{ player.password }}"}}\n'
    run = played(steps, answers(HEALTHY))
    (intent,) = run.journal.intents
    assert read_args(intent.args) == {"amount": Money(100, "EUR")}
    assert SECRET.encode() in run.requests("/deposits")[0].body


def test_what_the_journal_writes_is_ascii() -> None:
    """Half of a surrogate pair, as a target may send it, is no text that a database takes."""
    assert written_args({"name": "\ud800"}, Redactor()).isascii()
