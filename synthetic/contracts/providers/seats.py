"""Players at games, as the states of wallets and game providers need them: of a reference cell, or given by the environment."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import httpx

from synthetic.contracts.boundaries.seamless import (
    CURRENCY,
    DISABLED_PLAYERS,
    EXPIRED_SESSIONS,
    LOST_ANSWERS,
    TWO_PLAYERS,
)
from synthetic.contracts.providers.provider import ContractError, needed
from synthetic.reference.game.wallet_calls import Seat
from synthetic.reference.settings import CellSettings, PlayerSeed
from synthetic.reference.tls import client_tls

_LOSES = "loses_bet_response"


class Seats(Protocol):
    """Where players with sessions come from. All sessions are in EUR."""

    @property
    def can(self) -> frozenset[str]:
        """Which `needs` of interactions it satisfies."""

    def take(self, game: str, number: int = 0) -> Seat:
        """A player in a session that takes bets; the same number is the same player."""

    def expire(self, seat: Seat) -> Seat:
        """The same player in a session that has run out."""

    def disabled(self, game: str) -> Seat:
        """A player in a session, who may no longer bet."""

    def foreign(self, seat: Seat) -> Seat:
        """The player with the session of another one."""

    def lose_answers(self) -> None:
        """From now on the wallet takes bets, and its answers are lost."""

    def find_answers(self) -> None:
        """They are lost no more."""


class CellSeats:
    """Players of a reference cell: they log in and launch a game; its back office lets sessions run out and excludes players."""

    can = frozenset({EXPIRED_SESSIONS, DISABLED_PLAYERS, TWO_PLAYERS, LOST_ANSWERS})

    def __init__(self, cell: CellSettings, url: str) -> None:
        *self._players, self._excluded, self._other = (one for one in cell.players if one.segment == "standard")
        self._office = {"Authorization": f"Bearer {cell.office_key}"}
        self._http = httpx.Client(base_url=url, verify=client_tls(), trust_env=False)
        self._kept_s = cell.token_ttl_s / 2  # a long bench outlives a session
        self._taken: dict[tuple[str, str], tuple[Seat, float]] = {}

    def take(self, game: str, number: int = 0) -> Seat:
        """The session is launched once, and again after it has run out."""
        return self._at(self._players[number % len(self._players)], game)

    def expire(self, seat: Seat) -> Seat:
        """All of the player's sessions run out."""
        self._send("POST", f"/office/players/{seat.player}/expire-sessions", self._office)
        self._taken = {key: taken for key, taken in self._taken.items() if taken[0].player != seat.player}
        return seat

    def disabled(self, game: str) -> Seat:
        """Self-excluded after the launch: before it, there would be no session."""
        office = f"/office/players/{self._excluded.player_id}"
        self._send("PUT", office, self._office, {"self_excluded": False})
        seat = self._at(self._excluded, game)
        self._send("PUT", office, self._office, {"self_excluded": True})
        return seat

    def foreign(self, seat: Seat) -> Seat:
        """Of a player who plays the same game."""
        return replace(seat, session=self._at(self._other, seat.game).session)

    def lose_answers(self) -> None:
        """By the cell's switchboard."""
        self._http.put("/_faults", json={"name": _LOSES}).raise_for_status()

    def find_answers(self) -> None:
        """By the cell's switchboard."""
        self._http.delete(f"/_faults/{_LOSES}").raise_for_status()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _at(self, player: PlayerSeed, game: str) -> Seat:
        key, now_s = (player.player_id, game), time.monotonic()
        if key not in self._taken or now_s > self._taken[key][1]:
            login = self._send("POST", "/auth/login", {}, {"username": player.username, "password": player.password})
            launched = self._send(
                "POST", "/games/launch", {"Authorization": f"Bearer {login['token']}"}, {"game": game}
            )
            self._taken[key] = Seat(player.player_id, launched["session"], game, CURRENCY), now_s + self._kept_s
        return self._taken[key][0]

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        answer = self._http.request(method, path, headers=dict(headers), json=body)
        if answer.status_code != 200:
            raise RuntimeError(f"{method} {path} was answered with {answer.status_code}: {answer.text[:200]}")
        return dict(answer.json())


@dataclass(frozen=True, slots=True)
class GivenSeats:
    """Sessions that somebody has opened for us. An empty text: there is none of this kind."""

    player: str
    session: str
    game: str
    expired_session: str = ""
    disabled_player: str = ""
    disabled_session: str = ""
    other_session: str = ""

    @classmethod
    def of(cls, environment: Mapping[str, str], prefix: str) -> GivenSeats:
        """From `PREFIX_PLAYER`, `_SESSION`, `_GAME` and, where there are such, `_EXPIRED_SESSION`, `_DISABLED_PLAYER`,
        `_DISABLED_SESSION` and `_OTHER_SESSION`. Raises ContractError where one of the first three is not set.
        """
        return cls(
            needed(environment, f"{prefix}_PLAYER", "the id of a player who has some money in EUR"),
            needed(environment, f"{prefix}_SESSION", "a session of this player that takes bets"),
            needed(environment, f"{prefix}_GAME", "the code of the game that the session is for"),
            environment.get(f"{prefix}_EXPIRED_SESSION", ""),
            environment.get(f"{prefix}_DISABLED_PLAYER", ""),
            environment.get(f"{prefix}_DISABLED_SESSION", ""),
            environment.get(f"{prefix}_OTHER_SESSION", ""),
        )

    @property
    def can(self) -> frozenset[str]:
        """By what was given."""
        given = {
            EXPIRED_SESSIONS: self.expired_session,
            DISABLED_PLAYERS: self.disabled_player and self.disabled_session,
            TWO_PLAYERS: self.other_session,
        }
        return frozenset(need for need, is_given in given.items() if is_given)

    def take(self, _game: str, _number: int = 0) -> Seat:
        """There is but one, at its own game."""
        return Seat(self.player, self.session, self.game, CURRENCY)

    def expire(self, seat: Seat) -> Seat:
        """With the session that had run out before."""
        return replace(seat, session=_given(self.expired_session, EXPIRED_SESSIONS))

    def disabled(self, _game: str) -> Seat:
        """At the same game."""
        session = _given(self.disabled_session, DISABLED_PLAYERS)
        return Seat(self.disabled_player, session, self.game, CURRENCY)

    def foreign(self, seat: Seat) -> Seat:
        """With the other session."""
        return replace(seat, session=_given(self.other_session, TWO_PLAYERS))

    def lose_answers(self) -> None:
        """Nobody can ask a wallet elsewhere for that."""
        raise ContractError("the answers of a wallet that is not ours can't be lost on purpose")

    def find_answers(self) -> None:
        """None was lost."""


def _given(value: str, what: str) -> str:
    if not value:
        raise ContractError(f"the environment names no {what}")
    return value
