"""The network between workers and the platform, with its faults. It stands where a driver has its pool of connections.

A request under way belongs to nobody: it arrives although its sender has died, timed out or was taken over. How late one may
arrive is bounded (`LATE_MAX_S`), as it is by the platform's own time-outs in the real world: recovery waits longer than that.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextvars import Context
from dataclasses import dataclass, field
from enum import StrEnum

import httpcore

from synthetic.simulation.api import Answer, Asked, answer
from synthetic.simulation.lives import LIFE
from synthetic.simulation.platform import Platform

LATE_MAX_S = 8.0
_SENDING = "http11.send_request_headers.started"


class NetFault(StrEnum):
    """What can befall one request."""

    REFUSED = "connection refused"  # it never left
    LOST = "request lost"  # it left and never arrived
    UNANSWERED = "answer lost"  # it had its effect, and the connection broke
    SILENT = "no answer"  # it had its effect, and the answer never came
    LATE = "arrived late"  # its sender has given up meanwhile, or nearly
    TWICE = "arrived twice"
    BROKEN = "5xx without effect"
    BROKEN_AFTER = "5xx with effect"
    NO_LOOKUP = "look-up unavailable"


_DRAWN = tuple(fault for fault in NetFault if fault is not NetFault.NO_LOOKUP)


@dataclass(slots=True)
class Troubles:
    """Which request meets which fault: how often (`rate`, 0 to 1) and when look-ups are unavailable; both change with time.

    `met` counts the faults that requests have met.
    """

    chance: random.Random
    rate: Callable[[], float]
    lookups_down: Callable[[], bool]
    met: Counter[NetFault] = field(default_factory=Counter)

    def __call__(self, asked: Asked) -> NetFault | None:
        """The fault of this request."""
        fault = None
        if asked.is_lookup and self.lookups_down():
            fault = NetFault.NO_LOOKUP
        elif self.chance.random() < self.rate():
            fault = self.chance.choice(_DRAWN)
        if fault is not None:
            self.met[fault] += 1
        return fault


@dataclass(slots=True)
class Network:
    """Carries requests to `platforms` by host (`drivers.asyncio_pool.Carrier`); `troubles` says which fault each one meets."""

    loop: asyncio.AbstractEventLoop
    platforms: Mapping[str, Platform]
    chance: random.Random
    troubles: Callable[[Asked], NetFault | None]
    under_way: int = 0  # requests that have left and not arrived yet

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Carry one request there and its answer back. Raises what httpcore raises where that fails."""
        life = LIFE.get()
        assert life is not None, "only workers send"
        await life.awake()
        life.pass_gate("send")
        asked = _asked(request, life.name, round(self.loop.time() * 1e9))
        fault = self.troubles(asked)
        if fault is NetFault.REFUSED:
            raise httpcore.ConnectError("refused")
        await request.extensions["trace"](_SENDING, {})
        came: asyncio.Future[Answer] = self.loop.create_future()
        self._send(asked, fault, came, self.platforms[request.url.host.decode()])
        status, shown = await came
        await life.awake()
        life.pass_gate("answer")
        return httpcore.Response(status, headers=[(b"Content-Type", b"application/json")], content=_encoded(shown))

    async def aclose(self) -> None:
        """There is nothing to close."""

    def _send(self, asked: Asked, fault: NetFault | None, came: asyncio.Future[Answer], platform: Platform) -> None:
        there_s, back_s = self.chance.uniform(0.01, 0.1), self.chance.uniform(0.01, 0.1)
        match fault:
            case NetFault.LOST:
                self._after(there_s, lambda: _break(came))
            case NetFault.BROKEN | NetFault.NO_LOOKUP:
                self._after(there_s + back_s, lambda: _tell(came, (503, {"error": "unavailable"})))
            case NetFault.LATE:
                there_s = self.chance.uniform(1.0, LATE_MAX_S)
                self._arrive(asked, platform, there_s, back_s, lambda said: _tell(came, said))
            case NetFault.TWICE:
                self._arrive(asked, platform, there_s, back_s, lambda said: _tell(came, said))
                self._arrive(asked, platform, self.chance.uniform(there_s, LATE_MAX_S), back_s, lambda _: None)
            case NetFault.UNANSWERED:
                self._arrive(asked, platform, there_s, back_s, lambda _: _break(came))
            case NetFault.SILENT:
                self._arrive(asked, platform, there_s, back_s, lambda _: None)
            case NetFault.BROKEN_AFTER:
                broken: Answer = (502, {"error": "bad_gateway"})
                self._arrive(asked, platform, there_s, back_s, lambda _: _tell(came, broken))
            case _:
                self._arrive(asked, platform, there_s, back_s, lambda said: _tell(came, said))

    def _arrive(
        self, asked: Asked, platform: Platform, there_s: float, back_s: float, back: Callable[[Answer], None]
    ) -> None:
        self.under_way += 1

        def arrived() -> None:
            self.under_way -= 1
            said = answer(platform, asked)
            self._after(back_s, lambda: back(said))

        self._after(there_s, arrived)

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self.loop.call_later(seconds, act, context=_NOBODY)


_NOBODY = Context()  # what is under way belongs to no life


def _asked(request: httpcore.Request, sender: str, sent_ns: int) -> Asked:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers}
    assert isinstance(request.stream, Iterable), "a driver's body is bytes"
    body = b"".join(request.stream)
    return Asked(request.method.decode(), request.url.target.decode(), headers, body, sender, sent_ns)


def _encoded(shown: Mapping[str, object]) -> bytes:
    return json.dumps(shown).encode()


def _tell(came: asyncio.Future[Answer], said: Answer) -> None:
    if not came.done():
        came.set_result(said)


def _break(came: asyncio.Future[Answer]) -> None:
    if not came.done():
        came.set_exception(httpcore.ReadError("the connection broke"))
