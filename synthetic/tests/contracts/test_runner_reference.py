"""The harness's contract with the reference platform: complete, its own, and as strict as its engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synthetic.contracts.boundaries.runner_platform import CONTRACT, SOURCE
from synthetic.contracts.errors import ContractError
from synthetic.contracts.interactions import Contract
from synthetic.contracts.pacts import pact_of
from synthetic.contracts.runner.examples import load_examples, without_example

# Whole providers are started and asked; the suites in contracts/ keep the contracts themselves in the default suite.
pytestmark = pytest.mark.slow


def interaction(description: str) -> Any:
    """One interaction as the pact has it."""
    one = next(one for one in CONTRACT.interactions if one.description == description)
    (written,) = pact_of(Contract(CONTRACT.consumer, CONTRACT.provider, (one,))).interactions
    return written


def matchers(description: str) -> dict[str, Any]:
    """The rules of an answer's body by path."""
    rules = interaction(description)["response"].get("matchingRules", {}).get("body", {})
    return {path: rule["matchers"][0] for path, rule in rules.items()}


def test_every_operation_that_speaks_http_has_an_example() -> None:
    """A new one has to say how it is called."""
    assert without_example(SOURCE.examples, SOURCE.platform) == []


def test_what_goes_elsewhere_is_no_part_of_it() -> None:
    """Neither the settlement report of a PSP nor the identity provider's pages; of a sign-in the platform has two requests."""
    descriptions = [one.description for one in CONTRACT.interactions]
    assert not [one for one in descriptions if one.startswith(("psp.report", "psp.events"))]
    assert [one for one in descriptions if one.startswith("auth.sso")] == [
        "auth.sso_login (1 of 2)",
        "auth.sso_login (2 of 2)",
    ]


def test_amounts_are_whole_and_currencies_exact() -> None:
    """Of the balance, all that the mapping reads."""
    balance = "wallet.balance, when a player is logged in"
    amounts = ("cash_minor", "bonus_minor", "locked_minor", "total_minor", "withdrawable_minor")
    assert matchers(balance) == {f"$.{name}": {"match": "integer"} for name in amounts}
    assert interaction(balance)["response"]["body"]["content"]["currency"] == "EUR"


def test_states_are_those_that_the_example_expects() -> None:
    """One of them exactly, or any of several."""
    status = "cashier.deposit_status, when a deposit has succeeded"
    assert interaction(status)["response"]["body"]["content"]["state"] == "succeeded"
    assert "$.state" not in matchers(status)
    made = matchers("cashier.deposit, when a player is logged in")
    assert made["$.state"] == {"match": "regex", "regex": "pending|succeeded"}


def test_what_only_a_blame_rule_reads_is_in_it() -> None:
    """The wallet's calls of a round say whose fault it is that stays open."""
    settled = matchers("games.settle, when a round was won")
    assert {"$.wallet_calls[*].closes", "$.wallet_calls[*].status"} <= settled.keys()


def test_a_refusal_has_its_code() -> None:
    """And nothing that is for people."""
    refused = interaction("cashier.withdraw is refused with insufficient_funds, when a player is logged in")
    assert refused["response"]["body"]["content"] == {"error": "insufficient_funds"}
    assert refused["response"]["status"] == 409


def test_requests_name_what_comes_from_the_state() -> None:
    """For a verifier that is not ours."""
    generators = interaction("cashier.refund, when a deposit has succeeded")["request"]["generators"]
    assert generators["path"]["expression"] == "/cashier/deposits/${deposit_id}/refund"
    assert generators["header"]["Authorization"]["expression"] == "Bearer ${token}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("examples: [{call: a.b, in: nowhere}]", "no such state: nowhere"),
        ("examples: [{call: a.b}, {call: a.b}]", "twice: a.b"),
        ("examples: [{call: a.b, wiht: {}}]", "wiht"),
    ],
)
def test_a_wrong_examples_file_is_told(tmp_path: Path, text: str, told: str) -> None:
    """With the file and the mistake."""
    file = tmp_path / "contract.yaml"
    file.write_text(f"platform: p\nendpoints: [api]\npool: standard\n{text}\n", encoding="utf-8")
    with pytest.raises(ContractError, match=told):
        load_examples(file)
