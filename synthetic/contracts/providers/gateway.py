"""game-gateway: its states are reached as a player reaches them, over the platform's API and over real sockets."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from synthetic.contracts.providers.provider import SocketProvider, needed
from synthetic.contracts.verifying_messages import Ask, MessageTarget, Provoked
from synthetic.reference.settings import CellSettings
from synthetic.reference.tls import client_tls
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.reference.world.world import World, WorldSettings

FRAME_WITHIN_S = 5.0
TRIES_MAX = 40
"""Rounds that are played until one is lost: half of them are, so that this many are never all won."""

_NOBODY = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Account:
    """A player who may be used up for this."""

    username: str
    password: str = field(repr=False)


Meanwhile = Callable[[str], Callable[[], None]]
"""Makes a state come true that no player can bring about, for the player with this id; answers what undoes it."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where a platform is, who plays, and what can be done about it beside playing (`meanwhile`, by the state's name)."""

    api: str
    players: Mapping[str, Account]
    meanwhile: Mapping[str, Meanwhile] = field(default_factory=dict)

    def provoke(self, states: Sequence[Mapping[str, Any]], ask: Ask) -> Provoked:
        """See `verifying_messages.Provoke`."""
        with ExitStack() as stack:
            http = stack.enter_context(
                httpx.Client(base_url=self.api, timeout=FRAME_WITHIN_S, verify=client_tls(), trust_env=False)
            )
            table = _Table(self, http, stack)
            for state in states:
                table.enter(str(state["name"]), state.get("params") or {})
            frame = ask(table.values)
            if frame is not None:
                table.send(frame)
            heard = table.next()
            table.play_out()
            return Provoked(heard, table.values)

    def states(self) -> frozenset[str]:
        """The states that it knows."""
        return frozenset({*_ENTRANCES, *self.meanwhile})


class _Table:
    """One player at one game: `values` is what the states have given so far."""

    def __init__(self, gateway: Gateway, http: httpx.Client, stack: ExitStack) -> None:
        self.values: dict[str, Any] = {}
        self._gateway = gateway
        self._http = http
        self._stack = stack
        self._socket: ClientConnection | None = None
        self._kept: list[str] = []
        self._rounds: dict[str, bool] = {}  # whether it has ended
        self._ws_url = ""
        self._at: Mapping[str, Any] = {}

    def enter(self, name: str, params: Mapping[str, Any]) -> None:
        """Bring a state about."""
        if name in self._gateway.meanwhile:
            self._stack.callback(self._gateway.meanwhile[name](str(self.values["player"])))
        else:
            _ENTRANCES[name](self, params)

    def launch(self, params: Mapping[str, Any]) -> None:
        """`a player has launched a game`."""
        account = self._gateway.players[str(params.get("pool", "standard"))]
        login = self._api("POST", "/auth/login", {"username": account.username, "password": account.password})
        self._http.headers["Authorization"] = f"Bearer {login['token']}"
        launched = self._api("POST", "/games/launch", {"game": params["game"]})
        purse = self._api("GET", "/wallet/balance")
        assert purse["currency"] == params["currency"], f"the player's currency is {purse['currency']}"
        self._ws_url, self._at = str(launched["ws_url"]), params
        self.values |= {"player": login["player_id"], "session": launched["session"]}
        self.values |= {"launch_token": launched["launch_token"], "cash_minor": purse["cash_minor"]}
        self.values |= {"bonus_minor": purse["bonus_minor"]}

    def sit_down(self, params: Mapping[str, Any]) -> None:
        """`a player is at a game`, about to bet `stake_minor`."""
        self.launch(params)
        self.values["after_bet_minor"] = int(self.values["cash_minor"]) - int(params["stake_minor"])
        self.use_token({})

    def use_token(self, _params: Mapping[str, Any]) -> None:
        """`the launch token is used`; what comes next has a socket of its own, unless the player is at the game."""
        self.send({"type": "hello", "req_id": "hello", "launch_token": self.values["launch_token"]})
        welcome = self._hear("welcome")
        self.values["resume_id"] = welcome["resume_id"]

    def waste_token(self, params: Mapping[str, Any]) -> None:
        """`the launch token is used`, and its socket closed."""
        self.use_token(params)
        self.lose({})

    def place(self, params: Mapping[str, Any]) -> None:
        """`a bet is placed`: its acknowledgement has come."""
        self.send({"type": "bet", **params})
        ack = self._hear("bet_ack")
        before, stake = int(self.values["cash_minor"]), int(params["stake_minor"])
        self.values |= {"round": ack["round"], "bet_id": ack["bet_id"]}
        self.values |= {"lost_minor": before - stake, "won_minor": before, "void_minor": before}

    def await_end(self, _params: Mapping[str, Any]) -> None:
        """`its round has ended`: the result has come."""
        self._hear("round_result")

    def lose_bet(self, params: Mapping[str, Any]) -> None:
        """`a bet is lost`: chance decides, so sessions are begun anew until one is; its result is what comes next."""
        for _ in range(TRIES_MAX):
            self.place(params)
            result = self.next()
            if json.loads(result).get("state") == "LOST":
                self._kept.append(result)
                return
            self.lose({})
            self.sit_down(self._at)
        raise RuntimeError(f"none of {TRIES_MAX} rounds was lost; the last result was {result}")

    def lose(self, _params: Mapping[str, Any]) -> None:
        """`the socket is lost`."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._kept.clear()

    def come_back(self, params: Mapping[str, Any]) -> None:
        """`the player has come back`, and what the gateway then says comes next."""
        known = {"session": self.values["session"], "resume_id": self.values["resume_id"]}
        self.send({"type": "hello", "req_id": "back", **known, **params})

    def send(self, frame: Any) -> None:
        """Send a frame, on a new socket where there is none."""
        if self._socket is None:
            opened = connect(self._ws_url, open_timeout=FRAME_WITHIN_S, close_timeout=1, proxy=None)
            self._socket = self._stack.enter_context(opened)
        self._socket.send(json.dumps(frame))

    def next(self) -> str:
        """The next frame's text. Raises TimeoutError where none comes."""
        if self._kept:
            return self._kept.pop(0)
        assert self._socket is not None, "a frame can only come over a socket"
        try:
            text = str(self._socket.recv(timeout=FRAME_WITHIN_S, decode=True))
        except TimeoutError:
            raise TimeoutError(f"no frame came within {FRAME_WITHIN_S:g} s") from None
        self._note(json.loads(text))
        return text

    def play_out(self) -> None:
        """Hear the results of all rounds, so that the player's money lies still when he comes again."""
        with suppress(TimeoutError, WebSocketException):
            while not all(self._rounds.values()):
                self.next()

    def _note(self, frame: Mapping[str, Any]) -> None:
        match frame:
            case {"type": "bet_ack", "round": str(round_id)}:
                self._rounds.setdefault(round_id, False)
            case {"type": "round_result", "round": str(round_id)}:
                self._rounds[round_id] = True

    def _hear(self, kind: str) -> dict[str, Any]:
        text = self.next()
        frame: dict[str, Any] = json.loads(text)
        if frame.get("type") != kind:
            raise RuntimeError(f"{kind} had to come, but it was {text[:200]}")
        return frame

    def _api(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        answer = self._http.request(method, path, json=body)
        if answer.status_code != 200:
            raise RuntimeError(f"{method} {path} was answered with {answer.status_code}: {answer.text[:200]}")
        return dict(answer.json())


_ENTRANCES: Mapping[str, Callable[[_Table, Mapping[str, Any]], None]] = {
    "a player has launched a game": _Table.launch,
    "a player is at a game": _Table.sit_down,
    "the launch token is used": _Table.waste_token,
    "a bet is placed": _Table.place,
    "its round has ended": _Table.await_end,
    "a bet is lost": _Table.lose_bet,
    "the socket is lost": _Table.lose,
    "the player has come back": _Table.come_back,
}


@contextmanager
def serving_gateway() -> Iterator[MessageTarget]:
    """A reference cell with everything around it."""
    with world_in_a_thread(WorldSettings(cells=1, seed=secrets.randbits(32))) as world:
        yield gateway_of(world)


def gateway_of(world: World) -> MessageTarget:
    """The gateway of a running world's first cell."""
    cell = world.cells[0]
    api = world.listeners[cell.name].url
    gateway = Gateway(api, _players(cell), {**_office(api, cell.office_key), **_provider(world, cell)})
    can = frozenset({"office", "game-provider"})
    return MessageTarget(gateway.provoke, gateway.states(), can, version="reference")


def gateway_at(url: str, environment: Mapping[str, str]) -> MessageTarget:
    """The gateway of a platform whose API is at this URL. Raises ContractError where the environment lacks its players."""
    players = {
        pool: Account(
            needed(environment, f"SYNTHETIC_{pool.upper()}_USERNAME", f"the {pool} player's name"),
            needed(environment, f"SYNTHETIC_{pool.upper()}_PASSWORD", f"the {pool} player's password"),
        )
        for pool in ("standard", "broke")
    }
    gateway = Gateway(url, players)
    return MessageTarget(gateway.provoke, gateway.states())


def _players(cell: CellSettings) -> dict[str, Account]:
    return {player.segment: Account(player.username, player.password) for player in cell.players}


def _office(api: str, key: str) -> dict[str, Meanwhile]:
    def tell(method: str, path: str, body: Mapping[str, Any] | None = None) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        httpx.request(
            method, api + path, json=body, headers=headers, verify=client_tls(), trust_env=False
        ).raise_for_status()

    def exclude(player: str) -> Callable[[], None]:
        tell("PUT", f"/office/players/{player}", {"self_excluded": True})
        return lambda: tell("PUT", f"/office/players/{player}", {"self_excluded": False})

    def expire(player: str) -> Callable[[], None]:
        tell("POST", f"/office/players/{player}/expire-sessions")
        return lambda: None

    return {"the player is self-excluded meanwhile": exclude, "the game session has expired": expire}


def _provider(world: World, cell: CellSettings) -> dict[str, Meanwhile]:
    """What goes wrong at provider-a, where the platform is registered for a while with something that is not so."""
    account = next(one for one in cell.providers if one.provider == "provider-a")
    right = {"cell": cell.name, "api_key": account.api_key, "wallet_url": f"{world.listeners[cell.name].url}/wallet/a"}

    def register(**wrong: str) -> None:
        url = f"{account.url}/_operators/{account.operator}"
        httpx.put(url, json={**right, **wrong}, verify=client_tls(), trust_env=False).raise_for_status()

    def registered(**wrong: str) -> Meanwhile:
        def happen(_player: str) -> Callable[[], None]:
            register(**wrong)
            return register

        return happen

    return {
        "the game provider turns the platform away": registered(api_key="another"),
        "the game provider can't reach the wallet": registered(wallet_url=_NOBODY),
    }


GAME_GATEWAY = SocketProvider("game-gateway", serving_gateway, gateway_at)
