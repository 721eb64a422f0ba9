"""Matchers of whole values, as Pact's verifier judges by them."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import httpx
import pytest
from pact.interaction import HttpInteraction

from synthetic.contracts.interactions import Contract, Exercise, interaction
from synthetic.contracts.matching import one_of, whole
from synthetic.contracts.pacts import exercise, pact_of
from synthetic.contracts.verifying import Target, verify
from synthetic.tests.contracts.shop import shop


def asks(url: str) -> None:
    httpx.post(f"{url}/orders", trust_env=False).raise_for_status()


def contract_of(matcher: Any) -> Contract:
    @interaction("an order")
    def declare(upon: HttpInteraction) -> Exercise:
        upon.with_request("POST", "/orders").will_respond_with(200).with_body({"state": matcher}, "application/json")
        return asks

    return Contract("buyer", "shop", (declare,))


def holds(matcher: Any, state: str) -> bool:
    with shop(lambda *_: (200, {"state": state})) as url:
        return verify(pact_of(contract_of(matcher)), Target(url)).held


@pytest.mark.parametrize("state", ["pending", "paid"])
def test_an_agreed_value_is_taken(state: str) -> None:
    """The example is one of several."""
    assert holds(one_of("pending", "paid"), state)


@pytest.mark.parametrize("state", ["pending_review", "unpaid", "Paid", "", "paid\n", "pendingpaid"])
def test_a_value_that_only_contains_an_agreed_one_is_not(state: str) -> None:
    """A new state has a meaning that nobody agreed on."""
    assert not holds(one_of("pending", "paid"), state)


def test_a_value_is_no_pattern() -> None:
    """A dot in it is a dot."""
    assert not holds(one_of("v1.0"), "v1x0")


@pytest.mark.parametrize(
    ("id_", "is_fine"), [("pi_1", True), ("pi_0123456789abcdef", True), ("xpi_1", False), ("pi_", False)]
)
def test_a_form_is_of_the_whole_text(id_: str, is_fine: bool) -> None:  # noqa: FBT001 - a table's column
    """A longer id is as good as a short one."""
    assert holds(whole("pi_1", r"pi_\w+"), id_) is is_fine


@pytest.mark.parametrize(("sent", "is_as_agreed"), [("f00d", True), (7, False), (None, False)])
def test_what_a_consumer_sends_as_a_text_is_a_text(sent: Any, is_as_agreed: bool) -> None:  # noqa: FBT001 - a table's column
    """Pact's `regex` by itself takes numbers and `null` for their spelling."""

    @interaction("an order")
    def declare(upon: HttpInteraction) -> Exercise:
        upon.with_request("POST", "/orders").with_body({"id": whole("f00d", r"\w+")}, "application/json")
        upon.will_respond_with(200)

        def send(url: str) -> None:
            httpx.post(f"{url}/orders", json={"id": sent}, trust_env=False)

        return send

    contract = Contract("buyer", "shop", (declare,))
    with nullcontext() if is_as_agreed else pytest.raises(AssertionError, match="the client sent something else"):
        exercise(contract, declare)
