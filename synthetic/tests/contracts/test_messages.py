"""Contracts in messages: the client that can't live with a frame fails, and so does the provider that says another one."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from synthetic.contracts.interactions import State
from synthetic.contracts.messages import (
    Frame,
    Hear,
    Message,
    MessageContract,
    Upon,
    asked,
    asks,
    exercise_message,
    hears,
    pushed,
)
from synthetic.contracts.messages import message_pact_of as pact_of
from synthetic.contracts.results import InteractionResult
from synthetic.contracts.verifying_messages import Ask, MessageTarget, Provoked, verify_messages

SOON_S = 3.0
SEATED = State("a guest is seated", {"table": 4})
TOLD = {"type": "seated", "seq": 2, "table": 4, "guest": "g-1"}
ORDER = {"type": "order", "req_id": "r-1", "guest": "g-1"}
ACK = {"type": "ack", "seq": 2, "req_id": "r-1", "total": 100}


def order(*given: State, needs: tuple[str, ...] = ()) -> Message:
    """An order, whose guest and total only the state knows."""

    @asked("an order", *given, needs=needs)
    def declare(upon: Upon) -> Hear:
        asks(upon, ORDER, {"$.guest": "${guest}"})
        hears(upon, ACK, {"$.total": "${total}"})

        def hear(frame: Frame) -> Frame:
            assert frame["total"] == 100
            return ORDER

        return hear

    return declare


def seated() -> Message:
    """A push."""

    @pushed("a guest is shown his table", SEATED)
    def declare(upon: Upon) -> Hear:
        hears(upon, TOLD)
        return lambda _frame: None

    return declare


def contract(*messages: Message) -> MessageContract:
    return MessageContract("guest", "kitchen", messages)


def verified(said: Mapping[str, Any], *messages: Message) -> InteractionResult:
    """The result of a kitchen that says this frame."""

    def provoke(_states: Sequence[Mapping[str, Any]], ask: Ask) -> Provoked:
        values = {"guest": "g-77", "total": 250}
        ask(values)
        return Provoked(json.dumps(said), values)

    target = MessageTarget(provoke, frozenset({SEATED.name}))
    (result,) = verify_messages(pact_of(contract(*messages)), target).results
    return result


def test_a_provider_that_says_more_than_was_agreed_holds() -> None:
    """A further field does no harm, and the state's values are in what is asked and in what has to come."""
    result = verified({**ACK, "total": 250, "tip": 5}, order(SEATED))
    assert result.held, result.sentence
    assert result.exchange is not None
    assert json.loads(result.exchange.request_body) == {**ORDER, "guest": "g-77"}


@pytest.mark.parametrize(
    ("broken", "path"),
    [
        ({"seq": 3}, "$.seq"),
        ({"req_id": "r-2"}, "$.req_id"),
        ({"total": 251}, "$.total"),
        ({"total": "250"}, "$.total"),
        ({"type": "nack"}, "$.type"),
    ],
)
def test_a_frame_that_is_not_as_agreed_is_told_with_its_path(broken: Mapping[str, Any], path: str) -> None:
    """Numbers, echoes and values of the state are exact."""
    result = verified({**ACK, "total": 250, **broken}, order(SEATED))
    assert [mismatch.path for mismatch in result.mismatches] == [path]


def test_a_missing_field_is_told() -> None:
    """Of a push."""
    result = verified({name: value for name, value in TOLD.items() if name != "seq"}, seated())
    assert [(mismatch.path, mismatch.actual) for mismatch in result.mismatches] == [("$.seq", "")]
    assert result.sentence.endswith("$.seq is missing, expected a value")


def test_what_can_not_be_judged_is_told_at_once() -> None:
    """A provider that can't be brought into the state, and a state that nobody knows, beside a message that holds."""

    def provoke(states: Sequence[Mapping[str, Any]], _ask: Ask) -> Provoked:
        if states[0]["params"]["table"] == 13:
            raise RuntimeError("there is no such table")
        return Provoked(json.dumps(TOLD))

    strange = order(State("a guest is cross"))
    nowhere = pushed("a guest without a table", State(SEATED.name, {"table": 13}))(_hears_told)
    before_s = time.monotonic()
    pact = pact_of(contract(seated(), strange, nowhere))
    verification = verify_messages(pact, MessageTarget(provoke, frozenset({SEATED.name})))
    assert time.monotonic() - before_s < SOON_S
    assert {result.description: result.reason for result in verification.results} == {
        "a guest is shown his table": "",
        "an order": "no state handler for 'a guest is cross'",
        "a guest without a table": "RuntimeError: there is no such table",
    }


def _hears_told(upon: Upon) -> Hear:
    hears(upon, TOLD)
    return lambda _frame: None


def test_what_is_no_frame_is_told() -> None:
    """Text that is no JSON."""

    def provoke(_states: Sequence[Mapping[str, Any]], _ask: Ask) -> Provoked:
        return Provoked("<html>")

    (result,) = verify_messages(pact_of(contract(seated())), MessageTarget(provoke, frozenset({SEATED.name}))).results
    assert not result.held
    assert "<html>" in result.mismatches[0].text or result.mismatches[0].actual == "<html>"


def test_what_only_some_providers_can_do_is_left_out_for_others() -> None:
    """And said to be."""
    target = MessageTarget(lambda _states, _ask: Provoked("{}"), frozenset())
    verification = verify_messages(pact_of(contract(order(needs=("office",)))), target)
    assert verification.left_out == (("an order", "needs office"),)
    assert not verification.held


def test_a_client_that_sends_something_else_fails() -> None:
    """Its frame is compared with what was declared, whole."""

    @asked("another order")
    def another(upon: Upon) -> Hear:
        asks(upon, ORDER)
        hears(upon, ACK)
        return lambda _frame: {**ORDER, "haste": True}

    with pytest.raises(AssertionError, match="haste"):
        exercise_message(contract(another), another)
    exercise_message(contract(order()), order())


def test_a_contract_describes_nothing_twice() -> None:
    """Results are known by their description."""
    with pytest.raises(AssertionError, match="described twice: an order"):
        contract(order(), order())
