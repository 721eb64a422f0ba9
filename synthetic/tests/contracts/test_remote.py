"""`--provider` and `--provider-states`, as somebody types them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from synthetic.contracts.keys import Salt
from synthetic.contracts.providers import PROVIDERS, ContractError
from synthetic.contracts.providers.remote import provider_urls, with_states
from synthetic.contracts.verifying import Target, verify
from synthetic.tests.contracts.shop import good, order, pact, shop


def test_a_provider_is_a_name_and_a_url() -> None:
    """Several may be given."""
    assert provider_urls(["psp-a=https://sandbox.example/x"], PROVIDERS) == {"psp-a": "https://sandbox.example/x"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("psp-x=https://sandbox.example", "no contract has this provider; there are .*psp-a"),
        ("psp-a", "write psp-a=https://"),
        ("psp-a=sandbox.example", "write psp-a=https://"),
        ("psp-a=ftp://sandbox.example", "write psp-a=https://"),
    ],
)
def test_what_can_not_be_meant_is_refused(words: str, why: str) -> None:
    """With what to write instead."""
    with pytest.raises(ContractError, match=why):
        provider_urls([words], PROVIDERS)


def test_a_missing_secret_names_its_variable() -> None:
    """Secrets come by the environment only."""
    with pytest.raises(ContractError, match="set SYNTHETIC_PSP_A_KEY: the merchant's API key"):
        PROVIDERS["psp-a"].at("https://sandbox.example", {})


@pytest.mark.parametrize("how", ["some", "http", "http=", "api=x", "none=1"])
def test_unknown_ways_to_states_are_refused(how: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ContractError, match="write none, api or http=URL"):
        with_states(Target("http://127.0.0.1"), how)


@pytest.mark.parametrize(("status", "reason"), [(200, ""), (404, "was answered with 404")])
def test_states_may_be_changed_by_posts_to_a_url(status: int, reason: str) -> None:
    """Pact's own form: state, params, action. A refusal fails the interaction, at once."""
    asked: list[Any] = []

    def change(_path: str, _headers: Any, body: bytes) -> tuple[int, Any]:
        asked.append(json.loads(body))
        return status, {"order": "o-77"}

    salt = Salt()
    salt.text = "s1"
    one = order(
        "late", "an order that was paid", params={"amount": 3, "key": "pact-key-paid"}, promised={"$.id": "${order}"}
    )
    with shop(good) as url, shop(change) as states_url:
        (result,) = verify(pact(one), with_states(Target(url, own=salt.own), f"http={states_url}")).results
    params = {"amount": 3, "key": "pact-key-paid-s1"}
    assert asked == [{"state": "an order that was paid", "params": params, "action": "setup"}]
    assert result.held is (not reason)
    assert reason in result.reason
