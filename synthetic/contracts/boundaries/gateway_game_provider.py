"""game-gateway -> game-provider-a, game-provider-b: bets, states of rounds, cancellations (docs/reference-platform.md 2)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pact import match
from pact.interaction import HttpInteraction

from synthetic.contracts.boundaries.seamless import (
    BEFORE_MINOR,
    CURRENCY,
    DISABLED_PLAYERS,
    EXPIRED,
    EXPIRED_SESSIONS,
    NOBODY,
    PLAYER,
    SESSION,
    STAKE_MINOR,
    is_stated,
)
from synthetic.contracts.holes import body_from_state
from synthetic.contracts.interactions import Contract, Exercise, Interaction, State, interaction
from synthetic.contracts.states import WRONG_SEAL
from synthetic.reference.cell.context import GameSession
from synthetic.reference.cell.gateway.conversation import PlaceBet
from synthetic.reference.cell.gateway.provider_client import Answered, BetReply, KeyRefused, ProviderClient, VoidReply
from synthetic.reference.settings import ProviderAccount

WALLET_AT_HAND = "a wallet at hand"
"""The need of an interaction for a player with a known balance, or for a wallet that can be put out of reach."""

_OPERATOR, _ANOTHER_OPERATOR = "operator", "pact-another-operator"
_BEARER = match.regex("Bearer key", regex=r"^Bearer \S+$")
_STRANGER = State(WRONG_SEAL, {"how": "another key"})
_PLAYER, _DISABLED = State("a player"), State("a disabled player")
_RICH = State("a player", {"balance_minor": BEFORE_MINOR})
_DEAF = State("a wallet that does not answer")


@dataclass(frozen=True, slots=True)
class _Bet:
    """What the gateway asks a provider to take, in whose session."""

    game: str
    session: str = SESSION
    round_id: str = "pact-key-round"
    bet_id: str = "pact-key-bet"
    stake_minor: int = STAKE_MINOR
    currency: str = CURRENCY
    operator: str = _OPERATOR

    def body(self) -> dict[str, Any]:
        return {
            "operator": self.operator,
            "player": PLAYER,
            "session": self.session,
            "game": self.game,
            "round": self.round_id,
            "bet_id": self.bet_id,
            "stake_minor": self.stake_minor,
            "currency": self.currency,
        }

    async def place(self, client: ProviderClient) -> Answered:
        session = GameSession(self.session, PLAYER, "unused", self.game, self.currency, expired=False)
        return await client.bet(session, PlaceBet("req-1", self.round_id, self.bet_id, self.stake_minor, self.currency))

    def state(self, until: str, *, void: bool = False) -> State:
        """The bet was placed, cancelled where that is said, and its round has come to this state."""
        asked = {"bet": self.bet_id, "round": self.round_id, "stake_minor": self.stake_minor, "until": until}
        return State("a round", {**asked, "void": void})


def _exercise(call: Callable[[ProviderClient], Awaitable[Any]], expected: Any, operator: str = _OPERATOR) -> Exercise:
    async def play(url: str) -> None:
        client = ProviderClient(ProviderAccount("provider", "a", url, operator, "key"))
        try:
            assert await call(client) == expected
        finally:
            await client.aclose()

    return lambda url: asyncio.run(play(url))


async def _state_or_error(client: ProviderClient) -> str | type[KeyRefused] | None:
    """Of a round that never was: what the client makes of the answer, an error of its own included."""
    try:
        return await client.round_state("pact-key-no-round")
    except KeyRefused as refused:
        return type(refused)


def _asks(upon: HttpInteraction, method: str, path: str, body: Mapping[str, Any] | None = None) -> None:
    upon.with_request(method, path).with_header("Authorization", _BEARER)
    if body is not None:
        upon.with_body(dict(body), "application/json")


def _asks_to_bet(upon: HttpInteraction, bet: _Bet, given: tuple[State, ...], standard_game: str) -> None:
    _asks(upon, "POST", "/bets", bet.body())
    if not is_stated(given):
        return
    names = {"$.player": "${player}", "$.operator": "${operator}"}
    if bet.session != NOBODY:
        names["$.session"] = "${token}"
    if bet.game == standard_game:
        names["$.game"] = "${game}"
    upon.with_generators(body_from_state(names), "Request")


def _answers(upon: HttpInteraction, status: int, body: Mapping[str, Any], *echoed: str) -> None:
    """`echoed`: the paths of ids that come back as they were sent."""
    upon.will_respond_with(status).with_body(dict(body), "application/json")
    if echoed:
        sent = {path: str(body[path.removeprefix("$.")]) for path in echoed}
        own = {path: key.replace("pact-key-", "pact-key-${salt}-") for path, key in sent.items()}
        upon.with_generators(body_from_state(own), "Response")


class _Provider:
    """The interactions of one provider's games. Its words for an expired session are those of the wallet's dialect."""

    def __init__(self, kind: str, expired: str) -> None:
        self.bet = _Bet(f"steady-{kind}")
        self.disabled_game = f"disabled-{kind}"
        self.expired = expired

    def interactions(self) -> tuple[Interaction, ...]:
        return (*self._bets(), *self._refused_calls(), *self._rounds(), *self._voids())

    def _bets(self) -> tuple[Interaction, ...]:
        bet, wallet = self.bet, (WALLET_AT_HAND,)
        after_minor = BEFORE_MINOR - STAKE_MINOR
        return (
            self._accepted("a bet", match.int(after_minor), _PLAYER),
            self._accepted("the player's balance after a bet", after_minor, _RICH, needs=wallet),
            self._accepted(
                "a bet that is sent again when its round is over", after_minor, _RICH, bet.state("closed"), needs=wallet
            ),
            self._rejected("a bet of another stake in the same round", replace(bet, stake_minor=30), "duplicate",
                           _PLAYER, bet.state("open")),
            self._rejected("a bet under the id of another one", replace(bet, round_id="pact-key-other-round"),
                           "duplicate", _PLAYER, bet.state("open")),
            self._rejected("a bet of more than the player has", replace(bet, stake_minor=BEFORE_MINOR + 1),
                           "insufficient_funds", _RICH, needs=wallet),
            self._rejected("a bet in another currency", replace(bet, currency="USD"), "wrong_currency", _PLAYER),
            self._rejected("a bet at a game that was taken off", replace(bet, game=self.disabled_game),
                           "game_disabled", _PLAYER),
            self._rejected("a bet at a game that the provider does not have", replace(bet, game="pact-other-game"),
                           "game_disabled", _PLAYER),
            self._rejected("a bet in a session that the wallet does not know", replace(bet, session=NOBODY),
                           "invalid_session", _PLAYER),
            self._rejected("a bet in an expired session", bet, self.expired, _PLAYER, EXPIRED,
                           needs=(EXPIRED_SESSIONS,)),
            self._rejected("a bet of a player who may not bet", bet, "player_disabled", _DISABLED,
                           needs=(DISABLED_PLAYERS,)),
            self._rejected("a bet when the wallet does not answer", bet, "wallet_unavailable", _PLAYER, _DEAF,
                           needs=wallet),
        )  # fmt: skip

    def _refused_calls(self) -> tuple[Interaction, ...]:
        return (
            self._refused_bet("a bet by somebody who is no operator", self.bet, 401, "invalid_api_key", _STRANGER),
            self._refused_bet("a bet for another operator", replace(self.bet, operator=_ANOTHER_OPERATOR), 403,
                              "wrong_operator"),
            self._refused_bet("a bet of nothing", replace(self.bet, stake_minor=0), 400, "malformed", _PLAYER),
        )  # fmt: skip

    def _rounds(self) -> tuple[Interaction, ...]:
        bet = self.bet
        return (
            self._state_of("a round that is being played", "open", _PLAYER, bet.state("open")),
            self._state_of("a round that is over", "closed", _PLAYER, bet.state("closed")),
            self._state_of("a round that was cancelled", "cancelled", _PLAYER, bet.state("cancelled", void=True)),
            self._state_of("a round whose bet was rejected", "rejected", _PLAYER, EXPIRED, bet.state("rejected"),
                           needs=(EXPIRED_SESSIONS,)),
            self._not_shown("the state of a round that never was", 404, "unknown_round", None),
            self._not_shown("the state of a round for somebody who is no operator", 401, "invalid_api_key",
                            KeyRefused, _STRANGER),
        )  # fmt: skip

    def _voids(self) -> tuple[Interaction, ...]:
        bet = self.bet
        return (
            self._cancelled("a cancellation of a round", _PLAYER, bet.state("open")),
            self._cancelled("a second cancellation of a round", _PLAYER, bet.state("cancelled", void=True)),
            self._not_cancelled("a cancellation of a round that is over", 409, "round_closed", VoidReply.CLOSED,
                                _PLAYER, bet.state("closed")),
            self._not_cancelled("a cancellation of a round that never was", 404, "unknown_round",
                                VoidReply.UNKNOWN_ROUND),
            self._not_cancelled("a cancellation by somebody who is no operator", 401, "invalid_api_key",
                                VoidReply.KEY_REFUSED, _STRANGER),
        )  # fmt: skip

    def _accepted(
        self, description: str, balance_minor: Any, *given: State, needs: tuple[str, ...] = ()
    ) -> Interaction:
        @interaction(description, *given, needs=needs)
        def declare(upon: HttpInteraction) -> Exercise:
            _asks_to_bet(upon, self.bet, given, self.bet.game)
            body = {"status": "accepted", "round": self.bet.round_id, "bet_id": self.bet.bet_id}
            _answers(upon, 200, {**body, "balance_minor": balance_minor}, "$.round", "$.bet_id")
            return _exercise(self.bet.place, Answered(BetReply.ACCEPTED))

        return declare

    def _rejected(
        self, description: str, bet: _Bet, code: str, *given: State, needs: tuple[str, ...] = ()
    ) -> Interaction:
        @interaction(description, *given, needs=needs)
        def declare(upon: HttpInteraction) -> Exercise:
            _asks_to_bet(upon, bet, given, self.bet.game)
            body = {"status": "rejected", "round": bet.round_id, "bet_id": bet.bet_id, "code": code}
            _answers(upon, 200, body, "$.round", "$.bet_id")
            return _exercise(bet.place, Answered(BetReply.REJECTED, code))

        return declare

    def _refused_bet(self, description: str, bet: _Bet, status: int, code: str, *given: State) -> Interaction:
        @interaction(description, *given)
        def declare(upon: HttpInteraction) -> Exercise:
            _asks_to_bet(upon, bet, given, self.bet.game)
            _answers(upon, status, {"error": code})
            return _exercise(bet.place, Answered(BetReply.NONE, code), bet.operator)

        return declare

    def _state_of(self, description: str, state: str, *given: State, needs: tuple[str, ...] = ()) -> Interaction:
        round_id = self.bet.round_id

        @interaction(f"the state of {description}", *given, needs=needs)
        def declare(upon: HttpInteraction) -> Exercise:
            _asks(upon, "GET", f"/rounds/{round_id}")
            _answers(upon, 200, {"round": round_id, "state": state}, "$.round")
            return _exercise(lambda client: client.round_state(round_id), state)

        return declare

    def _not_shown(
        self, description: str, status: int, code: str, expected: type[KeyRefused] | None, *given: State
    ) -> Interaction:
        @interaction(description, *given)
        def declare(upon: HttpInteraction) -> Exercise:
            _asks(upon, "GET", "/rounds/pact-key-no-round")
            _answers(upon, status, {"error": code})
            return _exercise(_state_or_error, expected)

        return declare

    def _cancelled(self, description: str, *given: State) -> Interaction:
        round_id = self.bet.round_id

        @interaction(description, *given)
        def declare(upon: HttpInteraction) -> Exercise:
            _asks(upon, "POST", f"/rounds/{round_id}/void", {"operator": _OPERATOR})
            upon.with_generators(body_from_state({"$.operator": "${operator}"}), "Request")
            state = match.regex("cancelling", regex="^(cancelling|cancelled)$")
            _answers(upon, 202, {"round": round_id, "state": state}, "$.round")
            return _exercise(lambda client: client.void(round_id), VoidReply.CANCELLING)

        return declare

    def _not_cancelled(self, description: str, status: int, code: str, reply: VoidReply, *given: State) -> Interaction:
        round_id = self.bet.round_id if is_stated(given) else "pact-key-no-round"

        @interaction(description, *given)
        def declare(upon: HttpInteraction) -> Exercise:
            _asks(upon, "POST", f"/rounds/{round_id}/void", {"operator": _OPERATOR})
            if is_stated(given):
                upon.with_generators(body_from_state({"$.operator": "${operator}"}), "Request")
            _answers(upon, status, {"error": code})
            return _exercise(lambda client: client.void(round_id), reply)

        return declare


CONTRACT_A = Contract("game-gateway", "game-provider-a", _Provider("dice", expired="session_expired").interactions())
CONTRACT_B = Contract("game-gateway", "game-provider-b", _Provider("wheel", expired="invalid_session").interactions())
