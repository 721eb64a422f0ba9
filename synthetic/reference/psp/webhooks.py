"""Delivers events to merchants: at least once, in no order, with duplicates, retried with back-off until they are answered."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from synthetic.reference.background import Background
from synthetic.reference.psp.clock import WallClock
from synthetic.reference.psp.event_log import Delivery, EventLog
from synthetic.reference.psp.signing import Seal, Signed
from synthetic.reference.skew import SkewedClock
from synthetic.reference.switchboard import Switchboard
from synthetic.reference.tls import client_tls

_log = logging.getLogger(__name__)

DUPLICATES_WHEN_SWITCHED = 2
DELAY_S_DEFAULT = 2.0
OLD_EVENT_S = 0.25  # how long after the end of a payment its old event comes: the end has been seen by then

WEBHOOK_SWITCHES = {
    "duplicates_webhooks": "every event is delivered at least three times",
    "withholds_webhooks": "events are never delivered; the API still tells the truth",
    "delays_webhooks": "events are delivered params.delay_s (2 s) late",
    "repeats_old_events": "after a capture is told, an older event about the same payment is delivered once more",
    "rotates_webhook_key": "events are signed with a new secret that no merchant was told, and with no other",
    "skews_clock": "the PSP's clock is params.skew_s (360 s) ahead: its signatures' time stamps and its Date header",
}


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
    signed: Signed


@dataclass(frozen=True, slots=True)
class Announcement:
    """What one merchant is told: about which payment of whom, in the PSP's own word (`kind`), and how it is written down."""

    cell: str
    merchant: str
    player: str
    reference: str
    kind: str
    render: Callable[[Seal], Message]


def _is_success(response: httpx.Response) -> bool:
    return response.is_success


class WebhookSender:
    """Sends events through one httpx client, and logs them. `accepts` tells which answer ends an event's attempts."""

    def __init__(
        self,
        board: Switchboard,
        background: Background,
        policy: DeliveryPolicy,
        now: WallClock,
        accepts: Callable[[httpx.Response], bool] = _is_success,
    ) -> None:
        self.log = EventLog()
        self.clock = SkewedClock(board)
        self._accepts = accepts
        self._now = now
        self._board = board
        self._background = background
        self._policy = policy
        self._random = random.Random(policy.seed)  # noqa: S311 - jitter
        self._sent = 0
        # The pool is wide and patient: a slow merchant must not hold up another one's events.
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
        self._http = httpx.AsyncClient(timeout=policy.timeout_s, limits=limits, verify=client_tls(), trust_env=False)

    def tell(self, told: Announcement, *, older: Announcement | None = None) -> None:
        """Deliver an event in the background, as often, as late and in the order that life or a switch has it.

        `older` is an event about the same payment that happened before this one.
        """
        if self._board.is_on("withholds_webhooks", cell=told.cell):
            return
        late = self._board.acting("delays_webhooks", cell=told.cell)
        delay_s = 0.0 if late is None else float(late.params.get("delay_s", DELAY_S_DEFAULT))
        repeats = older is not None and self._board.is_on("repeats_old_events", cell=told.cell)
        work = self._deliver(told, self._copies(told.cell), delay_s, older if repeats else None)
        self._background.spawn(work, name=f"{told.kind} to {told.cell}")

    async def ask(self, told: Announcement) -> httpx.Response | None:
        """The merchant's answer to a question, asked until it is accepted; None when every attempt failed."""
        return await self._post(told, self._seal(told.cell))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _copies(self, cell: str) -> int:
        """2 for each n-th event, 1 otherwise; a switch adds its duplicates."""
        self._sent += 1
        extra = DUPLICATES_WHEN_SWITCHED if self._board.is_on("duplicates_webhooks", cell=cell) else 0
        return 1 + extra + (1 if self._sent % self._policy.duplicate_every == 0 else 0)

    def _seal(self, cell: str) -> Seal:
        """One draw for all attempts of an event: else the next attempt would heal what the switch has broken."""
        rotated = self._board.is_on("rotates_webhook_key", cell=cell)
        return Seal(is_rotated=rotated, skew_s=self.clock.draw_s(cell))

    async def _deliver(self, told: Announcement, copies: int, delay_s: float, older: Announcement | None) -> None:
        await asyncio.sleep(delay_s)
        seal = self._seal(told.cell)
        await asyncio.gather(*(self._copy(told, seal) for _ in range(copies)))
        if older is not None:
            await asyncio.sleep(OLD_EVENT_S)
            await self._post(older, seal)

    async def _copy(self, told: Announcement, seal: Seal) -> None:
        await asyncio.sleep(self._random.uniform(0.0, self._policy.jitter_s))
        await self._post(told, seal)

    async def _post(self, told: Announcement, seal: Seal) -> httpx.Response | None:
        """The first answer that is accepted, or None when every attempt failed."""
        logged = Delivery(
            f"dlv_{secrets.token_hex(8)}", told.merchant, told.player, told.reference, told.kind, self._now()
        )
        self.log.add(logged)
        for pause_s in (*self._policy.backoff_s, None):
            response = await self._attempt(told.render(seal), logged)
            if response is not None and self._accepts(response):
                return response
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        _log.warning("a merchant never acknowledged a webhook: %s to %s", told.kind, told.merchant)
        return None

    async def _attempt(self, message: Message, logged: Delivery) -> httpx.Response | None:
        signed = message.signed
        logged.attempts += 1
        logged.signed, logged.signature, logged.signed_at = signed.text, signed.digest, signed.at_s
        try:
            response = await self._http.post(message.url, content=message.raw, headers=message.headers)
        except httpx.TransportError:
            return None
        logged.status = response.status_code
        return response
