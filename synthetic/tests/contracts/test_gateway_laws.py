"""The laws of the game socket find the planted defects that a player can see there, and name the law."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from synthetic.contracts.laws.examining import examine
from synthetic.contracts.laws.reference import gateway_target
from synthetic.reference.cell.gateway import CELL_SWITCHES_GATEWAY
from synthetic.reference.switchboard import Switch
from synthetic.reference.world import World, WorldSettings
from synthetic.reference.world.in_a_thread import world_in_a_thread

# Whole providers are started and asked; the suites in contracts/ keep the contracts themselves in the default suite.
pytestmark = pytest.mark.slow

BREAKS: dict[str, str] = {
    "takes_any_stake": "stake-limits-hold",
    "keeps_first_socket": "one-socket-a-session",
    "swallows_broken_frames": "req-id-is-echoed",
    "stops_answering_ws": "req-id-is-echoed",
    "loses_session_on_resume": "resume-replays",
    "renames_bet_id": "acks-name-their-bet",
    "launch_token_works_again": "launch-token-works-once",
    "skips_seq": "frames-are-gapless",
    "acks_unposted_bet": "one-debit-per-bet",
    "denies_posted_bet": "one-debit-per-bet",
    "resume_bets_again": "resume-repeats-no-bet",
    # of the wallet behind it
    "settles_nothing": "won-round-pays",
    "rounds_debits": "one-debit-per-bet",
}
"""Each switch that can be seen at the socket, and a law that finds it."""
UNSEEN = {"shows_rounds_to_anyone"}  # it takes a second player's log-in
QUICK = {"skips_seq", "rounds_debits"}


@pytest.fixture(scope="module")
def module_world() -> Iterator[World]:
    """One cell and its game providers."""
    with world_in_a_thread(WorldSettings(cells=1)) as world:
        yield world


@pytest.fixture
def world(module_world: World) -> Iterator[World]:
    """Without a defect before and after."""
    module_world.boards["canary"].clear()
    yield module_world
    module_world.boards["canary"].clear()


@pytest.mark.parametrize(
    "switch", [pytest.param(switch, marks=() if switch in QUICK else pytest.mark.slow) for switch in BREAKS]
)
def test_a_defect_of_the_gateway_is_found(world: World, switch: str) -> None:
    """By the tour alone, so in every run."""
    world.boards["canary"].throw(Switch(switch))
    examined = examine(gateway_target(world), examples=0)
    assert BREAKS[switch] in examined.laws, examined.told()


def test_the_table_has_every_switch_of_the_gateway() -> None:
    """A new defect of the gateway comes with the law that finds it."""
    assert set(CELL_SWITCHES_GATEWAY) <= set(BREAKS) | UNSEEN


@pytest.mark.slow
@pytest.mark.parametrize("game", ["void-dice", "low-variance-wheel"])
def test_rounds_that_are_void_or_lost_break_no_law(world: World, game: str) -> None:
    """Whatever a round ends with is held against the statement."""
    examined = examine(gateway_target(world, game=game), examples=2)
    assert not examined.findings, examined.told()
