"""The players of a cell, by pool."""

from __future__ import annotations

from collections import Counter

from synthetic.reference.world.keys import Keys
from synthetic.reference.world.people import POOLS, players_of


def test_a_cell_has_as_many_standard_players_as_it_is_asked_for() -> None:
    """The other pools stay as they are, and everybody is somebody."""
    players = players_of("canary", market="MT", brand="aurora", currency="EUR", keys=Keys(0), standard=75)
    assert Counter(player.segment for player in players) == POOLS | {"standard": 75}
    assert len({player.player_id for player in players}) == len(players)
