"""The contract of the game's frames: what the harness reads is in it, and a gateway that breaks it is found out by path."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from synthetic.contracts.boundaries.game_client_gateway import BET_ID, CONTRACT, ROUND, play
from synthetic.contracts.messages import Message, heard_of, message_pact_of
from synthetic.contracts.one_operation import KEY
from synthetic.contracts.providers.gateway import gateway_of
from synthetic.contracts.verifying_messages import verify_messages
from synthetic.core.outcome import StepOutcome
from synthetic.reference.switchboard import Switch
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.reference.world.world import World, WorldSettings


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with world_in_a_thread(WorldSettings(cells=1, seed=4711)) as started:
        yield started


@pytest.mark.slow
@pytest.mark.parametrize(
    ("switch", "description", "path"),
    [("skips_seq", "a ping", "$.seq"), ("renames_bet_id", "a bet", "$.bet_id")],
)
def test_a_gateway_that_breaks_the_contract_is_told_by_path(
    world: World, switch: str, description: str, path: str
) -> None:
    """Pushed through its own sockets, by one switch at a time."""
    pact = message_pact_of(CONTRACT)
    asked = pact.only(one for one in pact.interactions if one["description"] == description)
    board = world.boards[world.cells[0].name]
    board.throw(Switch(switch))
    try:
        (result,) = verify_messages(asked, gateway_of(world)).results
    finally:
        board.clear(switch)
    assert [mismatch.path for mismatch in result.mismatches] == [path], result.sentence
    assert verify_messages(asked, gateway_of(world)).held


@pytest.mark.parametrize("field", ["seq", "req_id", "round", "bet_id", "balance_minor", "type"])
def test_every_field_of_an_acknowledgement_is_read(field: str) -> None:
    """The engine can't do without any of them, so none is in the contract for nothing."""
    ack = {"type": "bet_ack", "seq": 2, "req_id": KEY, "round": ROUND, "bet_id": BET_ID, "balance_minor": 4980}
    whole, _ = play("games.bet", {"stake": "0.20 EUR"}, [ack])
    part, _ = play("games.bet", {"stake": "0.20 EUR"}, [{name: value for name, value in ack.items() if name != field}])
    assert whole.outcome is StepOutcome.DONE
    assert (part.outcome, part.facts) != (whole.outcome, whole.facts)


def _described(description: str) -> Message:
    return next(message for message in CONTRACT.interactions if message.description == description)


def test_a_field_that_the_harness_reads_and_the_contract_lacks_fails() -> None:
    """The frame that the client gets is the declared one, and nothing more."""
    bet = _described("a bet")
    pact = message_pact_of(CONTRACT)
    ack = dict(heard_of(next(one for one in pact.interactions if one["description"] == bet.description)))
    del ack["balance_minor"]
    played, _ = play("games.bet", {"stake": "0.20 EUR"}, [ack])
    assert played.outcome is StepOutcome.UNKNOWN
    assert "balance_minor" in played.reason
