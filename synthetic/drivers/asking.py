"""How the asyncio driver has one HTTP request answered: over the probe transport, or over httpcore."""

from __future__ import annotations

import asyncio
import ssl
import sys
from typing import Protocol

from synthetic.core.effects import Http, HttpReply
from synthetic.core.ports import Clock
from synthetic.drivers.asyncio_pool import Carrier, asyncio_pool
from synthetic.drivers.asyncio_proxied import Proxied
from synthetic.drivers.attempt import ATTEMPT, Attempt
from synthetic.drivers.guard import Limits
from synthetic.drivers.http_wire import AnswerReader, http_request, lowered
from synthetic.drivers.intake import INTAKE, Intake
from synthetic.drivers.places import place_of
from synthetic.drivers.probe.client import ProbeClient
from synthetic.drivers.probe.parser import Answer
from synthetic.drivers.proxies import Proxy
from synthetic.drivers.request_wire import request_bytes, says_close


class Asking(Protocol):
    """Carries one request and reads its answer within the limits."""

    async def ask(self, effect: Http, attempt: Attempt) -> HttpReply:
        """The complete answer. Raises what `translate.TRANSPORT_ERRORS` lists."""

    async def aclose(self) -> None:
        """Close what is open."""


def asking(
    tls: ssl.SSLContext,
    limits: Limits,
    clock: Clock,
    *,
    carrier: Carrier | None,
    proxy: Proxy | None,
    http2: ssl.SSLContext | None,
) -> Asking:
    """The probe transport, where it can be. Raises HarnessError where HTTP/2 is wanted and not installed."""
    if carrier is not None:
        return Carrying(carrier, limits)
    if http2 is None and proxy is None and has_probe():
        return Probing(tls, limits, clock)
    own_tls, shared = (tls, False) if http2 is None else (http2, True)
    if proxy is None:
        return Carrying(asyncio_pool(own_tls, limits, http2=shared), limits, shared=shared)
    return Carrying(Proxied(own_tls, limits, proxy, http2=shared), limits, shared=shared)


def has_probe() -> bool:
    """Whether the probe transport is the better one here: it lives on the kernel's stamps, and those are Linux's."""
    return sys.platform == "linux"


class Probing:
    """Asks over the probe transport."""

    def __init__(self, tls: ssl.SSLContext, limits: Limits, clock: Clock) -> None:
        self._client = ProbeClient(tls, limits, clock.monotonic_ns)
        self._limits = limits

    async def ask(self, effect: Http, attempt: Attempt) -> HttpReply:
        """See `Asking`."""
        place, method = place_of(effect.url), effect.method.upper()
        request, last = request_bytes(effect, place), says_close(effect.headers)

        def read(head: Answer[AnswerReader]) -> AnswerReader:
            return AnswerReader(method, head.status, head.fields, self._limits, attempt)

        def fresh() -> Answer[AnswerReader]:
            return Answer(method, self._limits, read, last=last)

        answer = await self._client.ask(place.target, request, fresh, attempt, effect.timeout_s)
        return answer.body.reply(attempt.answered())

    async def aclose(self) -> None:
        """Close the connections that are kept alive."""
        self._client.close()


class Carrying:
    """Asks over httpcore, or over what stands for it. `shared`: answers come on one connection side by side, as in HTTP/2."""

    def __init__(self, carrier: Carrier, limits: Limits, *, shared: bool = False) -> None:
        self._carrier = carrier
        self._limits = limits
        self._shared = shared

    async def ask(self, effect: Http, attempt: Attempt) -> HttpReply:
        """See `Asking`."""
        intake = Intake(self._limits, shared=self._shared)
        tokens = INTAKE.set(intake), ATTEMPT.set(attempt)
        try:
            request = http_request(effect, {"trace": attempt.atrace})
            async with asyncio.timeout(effect.timeout_s):
                response = await self._carrier.handle_async_request(request)
                try:
                    intake.expect_body()
                    answer = AnswerReader(
                        effect.method, response.status, lowered(response.headers), self._limits, attempt
                    )
                    async for chunk in response.aiter_stream():
                        answer.feed(chunk)
                finally:
                    await response.aclose()
            return answer.reply(attempt.times())
        finally:
            INTAKE.reset(tokens[0])
            ATTEMPT.reset(tokens[1])

    async def aclose(self) -> None:
        """Close the pool."""
        await self._carrier.aclose()
