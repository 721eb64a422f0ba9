"""Pacts are the same bytes each time, and say when they change."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from pact.interaction import HttpInteraction

from synthetic.contracts.boundaries import CONTRACTS, GATEWAY_CONTRACTS
from synthetic.contracts.interactions import Contract, Exercise, State, interaction
from synthetic.contracts.messages import AnyContract
from synthetic.contracts.pacts import exercise, pact_of, parsed, rewrite
from synthetic.contracts.suites import PACTS, keep_up_to_date
from synthetic.tests.contracts.shop import order, pact

ROOT = Path(__file__).resolve().parents[3]
ALL: tuple[AnyContract, ...] = (*CONTRACTS, *GATEWAY_CONTRACTS)


def asks(path: str) -> Exercise:
    def play(url: str) -> None:
        assert httpx.get(url + path, trust_env=False).json() == {"total": 100}

    return play


def contract_of(path: str = "/orders/1") -> Contract:
    @interaction("a look at an order", State("an order", {"number": 1}), needs=("orders",))
    def look(upon: HttpInteraction) -> Exercise:
        upon.with_request("GET", "/orders/1").will_respond_with(200).with_body({"total": 100}, "application/json")
        return asks(path)

    return Contract("buyer", "shop", (look,))


def test_a_client_that_asks_as_agreed_passes() -> None:
    """And gets the agreed answer."""
    contract = contract_of()
    exercise(contract, contract.interactions[0])


@pytest.mark.parametrize("path", ["/orders/2", "/orders/1?all=1"])
def test_a_client_that_asks_for_something_else_fails(path: str) -> None:
    """Whatever it makes of the answer."""
    contract = contract_of(path)
    with pytest.raises(AssertionError, match="the client sent something else"):
        exercise(contract, contract.interactions[0])


def test_a_client_that_does_not_ask_fails() -> None:
    """An interaction that nobody needs is none."""

    @interaction("a look at an order")
    def look(upon: HttpInteraction) -> Exercise:
        upon.with_request("GET", "/orders/1").will_respond_with(200)
        return lambda _url: None

    contract = Contract("buyer", "shop", (look,))
    with pytest.raises(AssertionError, match="the client sent something else"):
        exercise(contract, contract.interactions[0])


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_a_pact_is_the_same_bytes_each_time(contract: Contract) -> None:
    """Nothing random, no time, no version of a tool."""
    text = pact_of(contract).text()
    assert text == pact_of(contract).text()
    assert parsed(text).text() == text
    assert "pactRust" not in text


def test_every_committed_pact_is_that_of_a_contract() -> None:
    """A pact whose contract is gone or has another name would be published, and verified, for ever."""
    committed = {file.stem for file in (ROOT / PACTS).iterdir()}
    assert committed == {contract.name for contract in ALL}


def test_one_service_has_one_name() -> None:
    """What consumes as one pacticipant and provides as another can't be asked about when it is deployed."""
    parties = {name for contract in ALL for name in (contract.consumer, contract.provider)}
    alike = [(one, other) for one in parties for other in parties if one.endswith(f"-{other}")]
    assert not alike


def test_the_order_of_declaration_does_not_matter() -> None:
    """A moved function is no change of a pact."""
    assert pact(order("b"), order("a")).text() == pact(order("a"), order("b")).text()


def test_a_changed_pact_is_rewritten_and_told(tmp_path: Path) -> None:
    """Once: after that it is the committed one."""
    with pytest.raises(pytest.fail.Exception, match=r"buyer-shop.json was out of date and is rewritten"):
        keep_up_to_date(contract_of(), tmp_path)
    keep_up_to_date(contract_of(), tmp_path)
    file = tmp_path / "contracts" / "pacts" / "buyer-shop.json"
    made = json.loads(file.read_text())
    assert made["interactions"][0]["comments"]["needs"] == ["orders"]
    assert not rewrite(parsed(file.read_text()), file.parent)


def test_a_description_is_used_once() -> None:
    """Two interactions of one name could not be told apart in a report."""
    (look,) = contract_of().interactions
    with pytest.raises(AssertionError, match="described twice: a look at an order"):
        Contract("buyer", "shop", (look, look))


def test_a_key_without_salt_is_refused() -> None:
    """A provider that remembers keys could be verified once only."""

    @interaction("an order")
    def place(upon: HttpInteraction) -> Exercise:
        upon.with_request("POST", "/orders").with_header("Idempotency-Key", "order-1").will_respond_with(201)
        return lambda _url: None

    with pytest.raises(
        AssertionError, match="an order: an idempotency key of a pact begins with pact-key-, and this one is 'order-1'"
    ):
        pact_of(Contract("buyer", "shop", (place,)))
