"""game-provider-a and game-provider-b: their states are reached through their own API, as the gateway's bets reach them."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from synthetic.contracts.boundaries.gateway_game_provider import WALLET_AT_HAND
from synthetic.contracts.keys import fresh_salt
from synthetic.contracts.providers.api import Api
from synthetic.contracts.providers.bearer import seal_bearer
from synthetic.contracts.providers.provider import Provider, needed
from synthetic.contracts.providers.seats import CellSeats, GivenSeats, Seats
from synthetic.contracts.providers.wallet import GAMES, speaking_a, speaking_b
from synthetic.contracts.providers.wallet_states import Line, with_salt
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.states import StateHandler
from synthetic.contracts.verifying import Target
from synthetic.reference.game import PROVIDER_SWITCHES, Operator, build_provider_a, build_provider_b
from synthetic.reference.game.pace import Pace
from synthetic.reference.game.wallet_calls import Seat
from synthetic.reference.switchboard import Switchboard
from synthetic.reference.tls import client_tls
from synthetic.reference.world.in_a_thread import app_in_a_thread, world_in_a_thread
from synthetic.reference.world.world import World, WorldSettings

_FINE = (200, 202)  # a void is only taken note of
_NOBODY = "http://127.0.0.1:9/nobody"
_PLAYERS = 4  # with a known balance; each comes again only when the rounds of the one before are over


@dataclass(frozen=True, slots=True)
class PaceOfStates(Pace):
    """A round is open for long enough to ask for it, and over at once while `hurry` is set; a slow machine is no refusal."""

    settles_after_s: tuple[float, float] = (1.0, 1.0)
    timeout_s: float = 4.0
    bet_limit_s: float = 4.5
    retries: int = 0
    hurry: threading.Event = field(default_factory=threading.Event)

    def settles_after(self, share: float) -> float:
        """As for any pace, or no time at all."""
        return 0.0 if self.hurry.is_set() else Pace.settles_after(self, share)


@dataclass(frozen=True, slots=True)
class WalletAtHand:
    """What is ours of a provider and its wallet. `move`: tell it where the wallet listens; `hurry`: its rounds end at once."""

    line: Line
    move: Callable[[str], None]
    hurry: threading.Event


class RoundStates:
    """The states of bets and rounds. `salt` is that of the interaction at hand: `a player` begins each with a new one."""

    def __init__(
        self, url: str, operator: str, api_key: str, seats: Seats, game: str, wallet: WalletAtHand | None
    ) -> None:
        self._api = Api(url, api_key)
        self._operator = operator
        self._seats = seats
        self._game = game
        self._wallet = wallet
        self._is_deaf = False
        self._turn = 0
        self._seat: Seat | None = None
        self.salt = fresh_salt()

    def handlers(self) -> Mapping[str, StateHandler]:
        """By the names that the pacts use."""
        states = {
            "a player": self.player,
            "a disabled player": self.disabled,
            "an expired session": self.expired,
            "a round": self.round,
        }
        return states if self._wallet is None else states | {"a wallet that does not answer": self.deaf}

    def player(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A player in a session: `${player}`, `${token}`, `${game}`; with exactly this balance where that is asked for."""
        self._begin()
        if "balance_minor" not in params:
            return self._sit(self._seats.take(self._game, _PLAYERS))
        assert self._wallet is not None, "the interactions with a balance need a wallet at hand"
        self._turn += 1
        seat = self._seats.take(self._game, self._turn % _PLAYERS)
        self._wallet.line.level(seat, int(params["balance_minor"]))
        return self._sit(seat)

    def disabled(self, _params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A player in a session, who may no longer bet."""
        self._begin()
        return self._sit(self._seats.disabled(self._game))

    def expired(self, _params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The player's session has run out."""
        return self._sit(self._seats.expire(self._now()))

    def deaf(self, _params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The provider calls a wallet where nobody listens."""
        assert self._wallet is not None, "there is no such state without a wallet at hand"
        self._wallet.move(_NOBODY)
        self._is_deaf = True
        return {}

    def round(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A bet was placed, and cancelled where that is asked for; its round has come to the state `until`."""
        seat, round_id = self._now(), with_salt(str(params["round"]), self.salt)
        body = {
            "operator": self._operator,
            "player": seat.player,
            "session": seat.session,
            "game": seat.game,
            "round": round_id,
            "bet_id": with_salt(str(params["bet"]), self.salt),
            "stake_minor": params["stake_minor"],
            "currency": seat.currency,
        }
        with self._until(str(params["until"])):
            answer = self._api.post("/bets", body, fine=_FINE)
            if (answer["status"] == "rejected") != (params["until"] == "rejected"):
                raise RuntimeError(f"the bet was {answer['status']} {answer.get('code', '')}".rstrip())
            if params["void"]:
                self._api.post(f"/rounds/{round_id}/void", {"operator": self._operator}, fine=_FINE)
            self._api.wait(f"/rounds/{round_id}", "state", str(params["until"]), what="the round")
        return {}

    @contextmanager
    def _until(self, state: str) -> Iterator[None]:
        """A round that begins meanwhile is over at once, where that is the state that is wanted and the provider is ours."""
        hurry = self._wallet.hurry if self._wallet is not None and state == "closed" else threading.Event()
        hurry.set()
        try:
            yield
        finally:
            hurry.clear()

    def _begin(self) -> None:
        self.salt = fresh_salt()
        if self._is_deaf and self._wallet is not None:
            self._wallet.move(self._wallet.line.operator.wallet_url)
            self._is_deaf = False

    def _sit(self, seat: Seat) -> Mapping[str, Any]:
        self._seat = seat
        known = {"player": seat.player, "token": seat.session, "game": seat.game}
        return {**known, "operator": self._operator, "salt": self.salt}

    def _now(self) -> Seat:
        assert self._seat is not None, "'a player' comes before every other state"
        return self._seat


def target_at(url: str, api_key: str, states: RoundStates, can: frozenset[str]) -> Target:
    """A game provider at this URL, for the operator with this key."""

    def seal(request: Outgoing, wrong: str) -> Outgoing:
        salted = replace(
            request,
            path=with_salt(request.path, states.salt),
            body=with_salt(request.body.decode("utf-8"), states.salt).encode(),
        )
        return seal_bearer(salted, api_key, wrong)

    return Target(url, seal, states.handlers(), can)


@contextmanager
def _serving(dialect: str) -> Iterator[Target]:
    """The reference provider, with the wallet of a reference cell behind it."""
    with world_in_a_thread(WorldSettings(cells=1)) as world:
        (cell,) = world.cells
        account = next(account for account in cell.providers if account.dialect == dialect)
        cell_url = world.listeners[cell.name].url
        seats = CellSeats(cell, cell_url)
        speaking = (
            speaking_a(world.wallet_key_pem, seats) if dialect == "a" else speaking_b(account.wallet_secret, seats)
        )
        line = speaking.line(cell_url)
        operator = Operator("pact", cell.name, secrets.token_hex(16), line.operator.wallet_url, account.wallet_secret)
        pace = PaceOfStates()
        with app_in_a_thread(f"game-provider-{dialect}", _app(dialect, operator, world, pace)) as url:

            def move(wallet_url: str) -> None:
                _register(url, replace(operator, wallet_url=wallet_url))

            wallet = WalletAtHand(line, move, pace.hurry)
            states = RoundStates(url, operator.name, operator.api_key, seats, GAMES[dialect], wallet)
            target = target_at(url, operator.api_key, states, seats.can | {WALLET_AT_HAND})
            yield replace(target, version="reference")
        seats.close()


def _app(dialect: str, operator: Operator, world: World, pace: Pace) -> Any:
    board = Switchboard(PROVIDER_SWITCHES)
    if dialect == "a":
        key = world.wallet_key_pem
        return build_provider_a("game-provider-a", board, operators=[operator], private_key_pem=key, pace=pace)
    return build_provider_b("game-provider-b", board, operators=[operator], pace=pace)


def _register(url: str, operator: Operator) -> None:
    body = {
        "cell": operator.cell,
        "api_key": operator.api_key,
        "wallet_url": operator.wallet_url,
        "wallet_secret": operator.wallet_secret,
    }
    url = f"{url}/_operators/{operator.name}"
    httpx.put(url, json=body, verify=client_tls(), trust_env=False).raise_for_status()


def _provider(dialect: str) -> Provider:
    prefix = f"SYNTHETIC_GAME_PROVIDER_{dialect.upper()}"

    def at(url: str, environment: Mapping[str, str]) -> Target:
        key = needed(environment, f"{prefix}_KEY", "the operator's API key at this provider")
        operator = needed(environment, f"{prefix}_OPERATOR", "the operator's name at this provider")
        seats = GivenSeats.of(environment, prefix)
        return target_at(url, key, RoundStates(url, operator, key, seats, seats.game, None), seats.can)

    return Provider(f"game-provider-{dialect}", lambda: _serving(dialect), at)


GAME_PROVIDER_A = _provider("a")
GAME_PROVIDER_B = _provider("b")
