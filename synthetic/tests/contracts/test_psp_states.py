"""States of payments, at psp-b and at the cashier: what a pact asks for is what the provider then has."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from synthetic.contracts.boundaries import psp_a_cashier, psp_b_cashier
from synthetic.contracts.boundaries.psp_b_cashier import EXCLUDED_PLAYER
from synthetic.contracts.pacts import pact_of
from synthetic.contracts.providers import PROVIDERS, ContractError
from synthetic.contracts.providers.cashier import CASHIER
from synthetic.contracts.providers.psp_b import PSP_B
from synthetic.contracts.states import StateHandler
from synthetic.contracts.verifying import Target, verify
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.reference.world.world import WorldSettings

Change = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]

FACTS = {
    "userId": "${player}",
    "txId": "${transaction}",
    "merchantTxId": "${deposit}",
    "txAmount": "1.00",
    "txAmountCy": "EUR",
    "attributes": {"reference": "${deposit}"},
}
AUTHORIZE = {"call": "authorize", "body": FACTS}
TRANSFER = {"call": "transfer", "body": {**FACTS, "authCode": "${auth_code}"}}
CANCEL = {"call": "cancel", "body": {**FACTS, "statusCode": "insufficient_funds"}}


def changing(target: Target) -> Change:
    """The target's states by name."""
    assert target.states is not None
    states: Mapping[str, StateHandler] = target.states
    return lambda name, params: states[name](params)


@pytest.fixture(scope="module")
def cashier() -> Iterator[Change]:
    """The states of the reference cashier."""
    with CASHIER.serving() as target:
        yield changing(target)


@pytest.fixture(scope="module")
def psp_b() -> Iterator[Change]:
    """The states of psp-b."""
    with PSP_B.serving() as target:
        yield changing(target)


def order(key: str, **more: Any) -> dict[str, Any]:
    """An order of psp-b."""
    facts = {"merchantTxId": key, "userId": "p-1", "amount": "1.00", "currency": "EUR", "instrument": "card_ok"}
    return {**facts, **more}


def test_a_payment_stays_as_it_is_until_the_pact_tells(cashier: Change) -> None:
    """The cashier's PSPs stand still: what is told to it is all that happens."""
    values = cashier("a deposit", {"psp": "psp-b", "told": [AUTHORIZE, TRANSFER]})
    assert values["deposit"].startswith("dep_")
    assert values["transaction"] == values["payment"] != ""
    assert values["auth_code"]


def test_what_was_told_has_its_effect(cashier: Change) -> None:
    """A deposit that was declined can't be authorised any more."""
    with pytest.raises(RuntimeError, match="NOT_PENDING"):
        cashier("a deposit", {"psp": "psp-b", "told": [CANCEL, AUTHORIZE]})


def test_a_payment_of_another_amount_is_one(cashier: Change) -> None:
    """The state asked for 2.00."""
    with pytest.raises(RuntimeError, match="WRONG_AMOUNT"):
        cashier("a deposit", {"psp": "psp-b", "amount_minor": 200, "told": [AUTHORIZE]})


def test_two_states_never_share_a_payment(cashier: Change) -> None:
    """Each interaction begins anew."""
    one, other = (cashier("a withdrawal", {"psp": "psp-a"})["withdrawal"] for _ in range(2))
    assert one != other


@pytest.mark.parametrize("until", ["pending", "successful", "cancelled"])
def test_psp_b_is_brought_to_a_state(psp_b: Change, until: str) -> None:
    """And the transaction's id is known."""
    instrument = "card_ok" if until == "successful" else "card_3ds_abandon"
    made = psp_b("a deposit", {"order": order(f"pact-key-{until}", instrument=instrument), "until": until})
    assert made["transaction"]


def test_the_same_key_is_the_same_payment_within_a_verification(psp_b: Change) -> None:
    """Else a replay could not be told from a new order."""
    params = {"order": order("pact-key-same"), "until": "successful"}
    assert psp_b("a deposit", params) == psp_b("a deposit", params)


def test_a_state_that_psp_b_refuses_says_why(psp_b: Change) -> None:
    """The reason is the interaction's failure."""
    with pytest.raises(RuntimeError, match="INVALID_REQUEST"):
        psp_b("a deposit", {"order": order("pact-key-bad", instrument="card_of_nobody"), "until": "successful"})


def test_a_refund_is_part_of_the_state(psp_b: Change) -> None:
    """A second one of the whole finds nothing left."""
    params = {"order": order("pact-key-back"), "refund_key": "pact-key-back-1"}
    assert psp_b("a deposit", {**params, "until": "successful"})["transaction"]
    with pytest.raises(RuntimeError, match="NOT_REFUNDABLE"):
        psp_b("a deposit", {**params, "until": "refunded", "refund_key": "pact-key-back-2"})


@pytest.mark.parametrize("provider", ["cashier", "psp-b"])
def test_a_provider_elsewhere_needs_its_secrets(provider: str) -> None:
    """The message says which variable is missing."""
    with pytest.raises(ContractError, match="set SYNTHETIC_"):
        PROVIDERS[provider].at("https://cashier.example", {})


@pytest.mark.slow
def test_a_cashier_whose_psps_do_not_stand_still_is_asked_for_the_rest() -> None:
    """Forgeries, players and payments that nobody asked for need no state that its PSPs would disturb."""
    with world_in_a_thread(WorldSettings(cells=1)) as world:
        (cell,) = world.cells
        secrets = {account.psp: account.webhook_secret for account in cell.psps}
        environment = {
            **os.environ,
            "SYNTHETIC_CASHIER_PLAYER": cell.players[0].player_id,
            "SYNTHETIC_PSP_A_WEBHOOK_SECRET": secrets["psp-a"],
            "SYNTHETIC_PSP_B_WEBHOOK_SECRET": secrets["psp-b"],
        }
        target = CASHIER.at(world.listeners[cell.name].url, environment)
        for contract in (psp_a_cashier.CONTRACT, psp_b_cashier.CONTRACT):
            verification = verify(pact_of(contract), target)
            assert verification.held, verification.told()
            left_out = dict(verification.left_out)
            assert left_out
            assert set(left_out.values()) <= {"needs still_psps", f"needs {EXCLUDED_PLAYER}"}
