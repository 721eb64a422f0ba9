"""A client of a game provider's API: bets, and the cancellation of rounds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx

from synthetic.reference.cell.context import GameSession
from synthetic.reference.cell.gateway.conversation import PlaceBet
from synthetic.reference.cell.tracing import outgoing_headers
from synthetic.reference.settings import ProviderAccount
from synthetic.reference.tls import client_tls

TIMEOUT_S = 5.0


class KeyRefused(Exception):  # noqa: N818 - what happened
    """The provider does not know our API key: it was revoked, or never was one. Asking again does not help."""


class BetReply(StrEnum):
    """What the provider said to a bet; NONE: nothing that can be relied on."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NONE = "none"


class VoidReply(StrEnum):
    """What the provider said to a cancellation; NONE: nothing that can be relied on."""

    CANCELLING = "cancelling"
    CLOSED = "closed"
    UNKNOWN_ROUND = "unknown_round"
    KEY_REFUSED = "key_refused"
    NONE = "none"


_VOID_REPLIES = {
    202: VoidReply.CANCELLING,
    401: VoidReply.KEY_REFUSED,
    404: VoidReply.UNKNOWN_ROUND,
    409: VoidReply.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Answered:
    """The provider's reply to a bet, with its code for a rejection, or for a call that it refused altogether."""

    reply: BetReply
    code: str = ""


class ProviderClient:
    """The cell as operator of one provider. A repetition is safe: the provider knows a bet by its id."""

    def __init__(self, account: ProviderAccount, http: httpx.AsyncClient | None = None) -> None:
        self._account = account
        self._is_own = http is None
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
        self._http = http or httpx.AsyncClient(timeout=TIMEOUT_S, limits=limits, verify=client_tls(), trust_env=False)

    async def bet(self, session: GameSession, bet: PlaceBet) -> Answered:
        """Ask the provider to take a bet."""
        body = {
            "operator": self._account.operator,
            "player": session.player_id,
            "session": session.session,
            "game": session.game,
            "round": bet.round_id,
            "bet_id": bet.bet_id,
            "stake_minor": bet.stake_minor,
            "currency": bet.currency,
        }
        response = await self._post("/bets", body)
        answer = _object(response)
        if response is None or response.status_code != 200 or answer.get("bet_id") != bet.bet_id:
            return Answered(BetReply.NONE, str(answer.get("error", "")))
        if answer.get("status") == "rejected":
            return Answered(BetReply.REJECTED, str(answer.get("code", "")))
        return Answered(BetReply.ACCEPTED if answer.get("status") == "accepted" else BetReply.NONE)

    async def void(self, round_id: str) -> VoidReply:
        """Ask the provider to cancel a round."""
        response = await self._post(f"/rounds/{round_id}/void", {"operator": self._account.operator})
        if response is None:
            return VoidReply.NONE
        return _VOID_REPLIES.get(response.status_code, VoidReply.NONE)

    async def round_state(self, round_id: str) -> str | None:
        """The round's state as the provider knows it; None where it does not say. Raises KeyRefused."""
        response = await self._send("GET", f"/rounds/{round_id}")
        if response is not None and response.status_code == 401:
            raise KeyRefused(f"{self._account.provider} does not know the API key of {self._account.operator}")
        answer = _object(response)
        if response is None or response.status_code != 200 or answer.get("round") != round_id:
            return None
        return str(answer.get("state"))

    async def aclose(self) -> None:
        """Close the connections that are our own."""
        if self._is_own:
            await self._http.aclose()

    async def _post(self, path: str, body: dict[str, Any]) -> httpx.Response | None:
        return await self._send("POST", path, body)

    async def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response | None:
        """The answer, or None. One repetition covers a kept connection that the provider had just closed."""
        url = self._account.url.rstrip("/") + path
        headers = {"Authorization": f"Bearer {self._account.api_key}", **outgoing_headers()}
        for _ in range(2):
            try:
                return await self._http.request(method, url, json=body, headers=headers)
            except httpx.TimeoutException:
                return None
            except httpx.TransportError:
                continue
        return None


def _object(response: httpx.Response | None) -> dict[str, Any]:
    try:
        body = None if response is None else response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
