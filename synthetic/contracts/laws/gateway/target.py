"""A game gateway to be examined: the platform's API, who plays which game, and where the socket is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from synthetic.contracts.laws.gateway.machine import GatewayMachine, tour
from synthetic.contracts.laws.gateway.play import GatewayPlay
from synthetic.contracts.laws.players import Credentials, Player, playing
from synthetic.core.secrets import Redactor


@dataclass(slots=True)
class OpenedGateway:
    """A gateway with its player logged in."""

    target: GatewayTarget
    player: Player

    def begin(self) -> GatewayPlay:
        """A new session of the game."""
        redactor = Redactor()
        redactor.taint(self.target.who.password)
        return GatewayPlay(self.player, self.target.game, self.target.at, redactor)

    @property
    def requests(self) -> int:
        """How many requests of the API have been sent so far."""
        return self.player.requests


@dataclass(frozen=True, slots=True)
class GatewayTarget:
    """`api_url`: the player API. `game`: one whose rounds cost nothing in the end. `at`: makes another address of the socket's."""

    api_url: str
    who: Credentials
    game: str
    at: Callable[[str], str] = field(default=str, repr=False)

    @property
    def name(self) -> str:
        """As a report calls it."""
        return "game gateway"

    @contextmanager
    def opened(self) -> Iterator[OpenedGateway]:
        """Log in. Raises TargetUnreachable, NotTried."""
        with playing(self.api_url, self.who) as player:
            yield OpenedGateway(self, player)

    def machine(self, begin: Callable[[], GatewayPlay]) -> GatewayMachine:
        """The player's machine over a new session."""
        return GatewayMachine(begin)

    def tour(self, play: GatewayPlay) -> None:
        """Every rule once."""
        tour(play)
