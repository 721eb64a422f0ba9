"""What the suites of all boundaries have in common: each interaction, each pact and each provider is one test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from synthetic.contracts.messages import AnyContract, pact_for
from synthetic.contracts.pacts import rewrite

PACTS = Path("contracts") / "pacts"  # from the project's root, which is pytest's


def each_interaction(contracts: Sequence[AnyContract]) -> pytest.MarkDecorator:
    """A test for every interaction; it gets `contract` and `one`."""
    rows = [
        pytest.param(contract, one, id=f"{contract.name}: {one.description}")
        for contract in contracts
        for one in contract.interactions
    ]
    return pytest.mark.parametrize(("contract", "one"), rows)


def each_contract(contracts: Sequence[AnyContract]) -> pytest.MarkDecorator:
    """A test for every pair of a consumer and a provider; it gets `contract`."""
    return pytest.mark.parametrize("contract", [pytest.param(contract, id=contract.name) for contract in contracts])


def keep_up_to_date(contract: AnyContract, root: Path) -> None:
    """Write the contract's pact. Fails where the committed one had said something else: who changed it has to say so."""
    if rewrite(pact_for(contract), root / PACTS):
        file = PACTS / f"{contract.name}.json"
        pytest.fail(
            f"{file} was out of date and is rewritten: look at it (git diff {file}), and commit it", pytrace=False
        )
