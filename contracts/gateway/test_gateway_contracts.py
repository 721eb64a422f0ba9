"""The boundary between a game client and the gateway: the frames of a game's WebSocket."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from synthetic.contracts.boundaries import GATEWAY_CONTRACTS
from synthetic.contracts.messages import Message, MessageContract, exercise_message, message_pact_of
from synthetic.contracts.results import Verification
from synthetic.contracts.suites import each_contract, each_interaction, keep_up_to_date
from synthetic.contracts.verifying_messages import MessageTarget, verify_messages


@each_interaction(GATEWAY_CONTRACTS)
def test_the_client_sends_and_reads_what_is_agreed(contract: MessageContract, one: Message) -> None:
    """The harness, as its mapping says, sends the frame that is agreed and makes of the answer what it should."""
    exercise_message(contract, one)


@each_contract(GATEWAY_CONTRACTS)
def test_the_pact_is_as_committed(contract: MessageContract, pytestconfig: pytest.Config) -> None:
    """A pact changes by a commit that somebody has looked at, never by the way."""
    keep_up_to_date(contract, pytestconfig.rootpath)


@pytest.mark.slow
@each_contract(GATEWAY_CONTRACTS)
def test_the_gateway_keeps_the_contract(
    contract: MessageContract, target_of: Callable[[str], MessageTarget], verified: Callable[[Verification], None]
) -> None:
    """It says every frame of the pact over a real socket."""
    verified(verify_messages(message_pact_of(contract), target_of(contract.provider)))
