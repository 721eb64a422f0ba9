"""What a provider asks of an operator's wallet, what it concludes from the answer, and the line that repeats lost calls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import httpx

from synthetic.reference.game.operators import Operator
from synthetic.reference.game.pace import Pace
from synthetic.reference.tls import client_tls


class Verdict(StrEnum):
    """What a call's answer proves. UNKNOWN: the money may have moved or not."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A call's verdict. `code` says why it was refused, `balance_minor` what the player has after it.

    `wallet_id` is the wallet's own id of the transaction, where the dialect has one.
    """

    verdict: Verdict
    code: str = ""
    balance_minor: int | None = None
    wallet_id: str = ""


UNKNOWN = Outcome(Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Seat:
    """A player at a game, before he bets. `session` is the wallet's token."""

    player: str
    session: str
    game: str
    currency: str


@dataclass(frozen=True, slots=True)
class Bet:
    """A bet as the gateway asks for it. `bet_id` is its transaction id at the wallet, `session` the wallet's token."""

    player: str
    session: str
    game: str
    round_id: str
    bet_id: str
    stake_minor: int
    currency: str


class Wallet(Protocol):
    """An operator's wallet in one dialect. Each call repeats itself after a network failure, byte for byte."""

    async def debit(self, operator: Operator, bet: Bet) -> Outcome:
        """Take the stake."""

    async def pay(self, operator: Operator, bet: Bet, amount_minor: int, part: int) -> Outcome:
        """Pay the n-th part of a win; the round stays open."""

    async def settle(self, operator: Operator, bet: Bet, payout_minor: int) -> Outcome:
        """Pay the round and close it; a payout of zero only closes it."""

    async def rollback(self, operator: Operator, bet: Bet, rollback_id: str) -> Outcome:
        """Undo the bet. A bet that the wallet has undone before, or never saw, counts as done."""

    async def aclose(self) -> None:
        """Close the connections."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer. `body` is None where it is no JSON object."""

    status: int
    body: Mapping[str, Any] | None


class WalletLine:
    """The HTTP side of a wallet: one call with its repetitions. `again_on` are the statuses that say "not answered"."""

    def __init__(self, pace: Pace, again_on: Collection[int]) -> None:
        self._pace = pace
        self._again_on = again_on
        self._http = httpx.AsyncClient(timeout=pace.timeout_s, verify=client_tls(), trust_env=False)

    async def post(self, url: str, raw: bytes, headers: Mapping[str, str]) -> Reply | None:
        """The first real answer, or the last one; None where no attempt was answered at all."""
        for attempt in range(1 + self._pace.retries):
            if attempt:
                await asyncio.sleep(self._pace.retry_pause_s)
            reply = await self._attempt(url, raw, headers)
            if reply is not None and reply.status not in self._again_on:
                return reply
        return reply

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _attempt(self, url: str, raw: bytes, headers: Mapping[str, str]) -> Reply | None:
        try:
            answer = await self._http.post(url, content=raw, headers={"Content-Type": "application/json", **headers})
        except httpx.TransportError:
            return None
        return Reply(answer.status_code, _object(answer.content))


def _object(content: bytes) -> Mapping[str, Any] | None:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
