"""Delivers events to merchants: at least once, in no order, with duplicates, retried with back-off until a 2xx."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from synthetic.reference.background import Background
from synthetic.reference.switchboard import Switchboard
from synthetic.reference.tls import client_tls

_log = logging.getLogger(__name__)

DUPLICATES_WHEN_SWITCHED = 2


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """`backoff_s`: the pauses between attempts; when they are used up the delivery is given up (a real PSP goes on for days).

    `duplicate_every`: each n-th event is delivered twice. `jitter_s`: the longest random delay before a first attempt,
    so that events overtake each other.
    """

    backoff_s: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
    timeout_s: float = 2.0
    duplicate_every: int = 5
    jitter_s: float = 0.02
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """One attempt's bytes: signed anew for each attempt, because a signature gets stale."""

    url: str
    raw: bytes
    headers: dict[str, str]


def _is_success(response: httpx.Response) -> bool:
    return response.is_success


class WebhookSender:
    """Sends events through one httpx client. `copies_of` says how often an event goes out; `post` is one delivery."""

    def __init__(self, board: Switchboard, background: Background, policy: DeliveryPolicy) -> None:
        self._board = board
        self._background = background
        self._policy = policy
        self._random = random.Random(policy.seed)  # noqa: S311 - jitter
        self._sent = 0
        # The pool is wide and patient: a slow merchant must not hold up another one's events.
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
        self._http = httpx.AsyncClient(timeout=policy.timeout_s, limits=limits, verify=client_tls(), trust_env=False)

    def send(self, cell: str, render: Callable[[], Message]) -> None:
        """Deliver an event in the background, as often as life or a switch has it."""
        for _ in range(self.copies_of(cell)):
            self._background.spawn(self._deliver(render), name=f"webhook to {cell}")

    def copies_of(self, cell: str) -> int:
        """0 when webhooks are withheld from the cell, 2 for each n-th event, 1 otherwise; a switch adds its duplicates."""
        if self._board.is_on("withholds_webhooks", cell=cell):
            return 0
        self._sent += 1
        extra = DUPLICATES_WHEN_SWITCHED if self._board.is_on("duplicates_webhooks", cell=cell) else 0
        return 1 + extra + (1 if self._sent % self._policy.duplicate_every == 0 else 0)

    async def post(
        self, render: Callable[[], Message], accepts: Callable[[httpx.Response], bool] = _is_success
    ) -> httpx.Response | None:
        """The first answer that is accepted (any 2xx, unless told otherwise), or None when every attempt failed."""
        for pause_s in (*self._policy.backoff_s, None):
            response = await self._attempt(render())
            if response is not None and accepts(response):
                return response
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        _log.warning("a merchant never acknowledged a webhook: %s", render().url)
        return None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def jitter(self) -> None:
        """Wait a little, at random, so that events overtake each other."""
        await asyncio.sleep(self._random.uniform(0.0, self._policy.jitter_s))

    async def _deliver(self, render: Callable[[], Message]) -> None:
        await self.jitter()
        await self.post(render)

    async def _attempt(self, message: Message) -> httpx.Response | None:
        try:
            return await self._http.post(message.url, content=message.raw, headers=message.headers)
        except httpx.TransportError:
            return None
