"""The boundary between cells and game providers: the wallet that providers call, and the API that gateways call."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from synthetic.contracts.boundaries import GAME_PROVIDER_CONTRACTS
from synthetic.contracts.interactions import Contract, Interaction
from synthetic.contracts.pacts import exercise, pact_of
from synthetic.contracts.results import Verification
from synthetic.contracts.suites import each_contract, each_interaction, keep_up_to_date
from synthetic.contracts.verifying import Target, verify


@each_interaction(GAME_PROVIDER_CONTRACTS)
def test_the_consumer_gets_what_it_needs(contract: Contract, one: Interaction) -> None:
    """Its real client sends what is agreed, and makes of the answer what it should."""
    exercise(contract, one)


@each_contract(GAME_PROVIDER_CONTRACTS)
def test_the_pact_is_as_committed(contract: Contract, pytestconfig: pytest.Config) -> None:
    """A pact changes by a commit that somebody has looked at, never by the way."""
    keep_up_to_date(contract, pytestconfig.rootpath)


@pytest.mark.slow
@each_contract(GAME_PROVIDER_CONTRACTS)
def test_the_provider_keeps_the_contract(
    contract: Contract, target_of: Callable[[str], Target], verified: Callable[[Verification], None]
) -> None:
    """It answers every request of the pact as agreed."""
    verified(verify(pact_of(contract), target_of(contract.provider)))
