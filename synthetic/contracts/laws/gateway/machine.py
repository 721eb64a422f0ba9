"""The state machine of the game gateway: each rule is one thing that a player does at the socket; and the tour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from synthetic.contracts.laws.gateway import acts
from synthetic.contracts.laws.gateway.play import GatewayPlay
from synthetic.contracts.laws.machine import LawMachine

NUMBERS = st.integers(0, 10)
_HAS_BETS: Callable[[Any], Any] = precondition(lambda machine: bool(machine.play.bets))


class GatewayMachine(LawMachine[GatewayPlay]):
    """Random visits of a player."""

    def _one(self, number: int) -> str:
        known = list(self.play.bets)
        return known[number % len(known)]

    @rule(stake=st.sampled_from(acts.STAKES))
    def bet(self, stake: int) -> None:
        """A plain bet."""
        acts.bet(self.play, stake)

    @_HAS_BETS
    @rule(number=NUMBERS)
    def bet_again(self, number: int) -> None:
        """The same request again."""
        acts.bet_again(self.play, self._one(number))

    @_HAS_BETS
    @rule(number=NUMBERS)
    def bet_changed(self, number: int) -> None:
        """Another stake under a used `req_id`."""
        acts.bet_changed(self.play, self._one(number))

    @rule(code=st.sampled_from(acts.WRONG_BETS))
    def bet_wrongly(self, code: str) -> None:
        """A bet that has to be refused."""
        acts.bet_wrongly(self.play, code)

    @rule()
    def ping(self) -> None:
        """A ping."""
        acts.ping(self.play)

    @rule()
    def look(self) -> None:
        """A look at the balance."""
        acts.look(self.play)

    @_HAS_BETS
    @rule(number=NUMBERS)
    def watch(self, number: int) -> None:
        """Wait for a result."""
        acts.watch(self.play, self._one(number))

    @rule(missed=NUMBERS)
    def come_back(self, missed: int) -> None:
        """A second socket of the session."""
        acts.come_back(self.play, missed)

    @rule()
    def launch_token_again(self) -> None:
        """The launch token a second time."""
        acts.launch_token_again(self.play)

    @rule()
    def malformed(self) -> None:
        """A frame of no known type."""
        acts.malformed(self.play)


def tour(play: GatewayPlay) -> None:
    """Every rule at least once; ends at the first stop after which a law is broken."""
    for stop in (
        acts.ping,
        acts.look,
        _bets,
        _wrong_bets,
        acts.malformed,
        acts.launch_token_again,
        _returns,
        acts.look,
    ):
        stop(play)
        if play.findings():
            return


def _bets(play: GatewayPlay) -> None:
    acts.bet(play, 20)
    for req_id in list(play.bets):
        acts.bet_again(play, req_id)
        acts.bet_changed(play, req_id)
        acts.watch(play, req_id)


def _wrong_bets(play: GatewayPlay) -> None:
    for code in acts.WRONG_BETS:
        acts.bet_wrongly(play, code)


def _returns(play: GatewayPlay) -> None:
    """Coming back in the middle of a round, and after it."""
    acts.bet(play, 10)
    acts.come_back(play, 3)
    for req_id in list(play.bets):
        acts.bet_again(play, req_id)
    acts.come_back(play, 100)
    acts.bet(play, 50)
