"""The boundary between the harness and the platform that it probes: derived from the platform's mapping."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from synthetic.contracts.boundaries import PLATFORM_CONTRACTS
from synthetic.contracts.interactions import Contract, Interaction
from synthetic.contracts.pacts import exercise, read
from synthetic.contracts.results import Verification
from synthetic.contracts.suites import PACTS, each_contract, each_interaction, keep_up_to_date
from synthetic.contracts.verifying import Target, verify


@each_interaction(PLATFORM_CONTRACTS)
def test_the_engine_makes_the_same_of_what_is_agreed(contract: Contract, one: Interaction) -> None:
    """It sends what is agreed, and the fields of the contract are all that it needs to come to the recorded end."""
    exercise(contract, one)


@each_contract(PLATFORM_CONTRACTS)
def test_the_pact_is_as_committed(contract: Contract, pytestconfig: pytest.Config) -> None:
    """A pact changes by a commit that somebody has looked at, never by the way."""
    keep_up_to_date(contract, pytestconfig.rootpath)


@pytest.mark.slow
@pytest.mark.timeout(300)  # a hundred states, each of them played: ten seconds of work, on a machine that may be busy
@each_contract(PLATFORM_CONTRACTS)
def test_the_provider_keeps_the_contract(
    contract: Contract,
    target_of: Callable[[str], Target],
    verified: Callable[[Verification], None],
    pytestconfig: pytest.Config,
) -> None:
    """It answers every request of the committed pact as agreed."""
    pact = read(pytestconfig.rootpath / PACTS / f"{contract.name}.json")
    verified(verify(pact, target_of(contract.provider)))
