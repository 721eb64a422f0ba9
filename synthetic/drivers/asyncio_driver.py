"""The asyncio driver: plays many runs against one cell on one event loop. The production runner's.

HTTP goes over the probe transport (`drivers.probe`) on Linux; elsewhere, through proxies and for HTTP/2 over httpcore, the engine
of httpx, without httpx's client on top: that one would keep cookies, follow redirects, read proxies from the environment and cost
twice the CPU. Nothing here retries: one effect is at most one request.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from typing import TypeVar

from synthetic.core.effects import (
    Effect,
    FaultKind,
    Http,
    Intent,
    Resolve,
    Result,
    Sleep,
    Together,
    TransportFault,
    WsClose,
    WsOpen,
    WsReceive,
    WsSend,
)
from synthetic.core.errors import HarnessError
from synthetic.core.ports import Clock, EventSink, Journal
from synthetic.drivers.asking import asking
from synthetic.drivers.asyncio_pool import Carrier
from synthetic.drivers.asyncio_sockets import AsyncSockets
from synthetic.drivers.attempt import Attempt
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.course import Course, Scenario, handed_over
from synthetic.drivers.guard import AllowList, Limits
from synthetic.drivers.lag import LagMeter, exposed
from synthetic.drivers.notebook import Desk, Notebook
from synthetic.drivers.places import NotAllowed, Target
from synthetic.drivers.proxies import Proxy
from synthetic.drivers.reaching import reach
from synthetic.drivers.tls import client_context
from synthetic.drivers.together import answers_of
from synthetic.drivers.translate import TRANSPORT_ERRORS, fault, not_journaled, refusal

T = TypeVar("T")


class AsyncDriver:
    """Performs effects against one cell. `allow`: see `AllowList`. `lag`: one meter may be shared by the drivers of a loop.

    `carrier` carries HTTP in place of the probe transport. `proxy`: an HTTP proxy that everything goes through. `http2`: a
    context of its own, over which HTTP/2 is spoken where a TLS server takes it: what is offered is written into it, and the
    WebSockets over `tls` must not offer that. Of both, HTTP goes over httpcore. Raises HarnessError where HTTP/2 is not installed.
    """

    def __init__(
        self,
        *,
        allow: Sequence[str],
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
        lag: LagMeter | None = None,
        carrier: Carrier | None = None,
        proxy: Proxy | None = None,
        http2: ssl.SSLContext | None = None,
    ) -> None:
        self._allow = AllowList.of(allow)
        self._limits = limits or Limits()
        self._clock = clock or SystemClock()
        self._tls = tls or client_context()
        self._proxy = proxy
        self._own_lag = LagMeter(self._clock) if lag is None else None
        self._lag = lag or self._own_lag or LagMeter(self._clock)
        self._desk = Desk()
        self._asking = asking(self._tls, self._limits, self._clock, carrier=carrier, proxy=proxy, http2=http2)

    async def run(self, scenario: Scenario[T], *, sink: EventSink, journal: Journal) -> T:
        """Play a scenario to its end and return what it returns. Its WebSockets are closed however it ends."""
        self._lag.start()
        course = Course(scenario, sink)
        sockets, notebook = self._sockets(), Notebook(journal, self._desk)
        try:
            effect = course.advance()
            while effect is not None:
                result = await self._perform(effect, sockets, notebook)
                handled = self._clock.monotonic_ns()
                stall_ns = self._lag.longest_stall_ns(*exposed(result, handled))
                effect = course.advance(handed_over(result, handled, stall_ns))
            return course.value
        finally:
            try:
                course.close()
            finally:
                await sockets.close_all()
                await notebook.catch_up()

    async def reach(self, url: str, timeout_s: float) -> TransportFault | None:
        """Whether the address of a URL can be connected to (TCP, TLS); None where it can."""
        return await asyncio.to_thread(
            reach, url, timeout_s, allow=self._allow, tls=self._tls, clock=self._clock, proxy=self._proxy
        )

    async def aclose(self) -> None:
        """Close the pooled connections."""
        await self._asking.aclose()
        if self._own_lag is not None:
            await self._own_lag.stop()

    def _sockets(self) -> AsyncSockets:
        return AsyncSockets(self._tls, self._limits, self._clock, self._proxy)

    async def _perform(self, effect: Effect, sockets: AsyncSockets, notebook: Notebook) -> Result:
        attempt = Attempt(self._clock)
        try:
            match effect:
                case Http():
                    target = self._allow.check(effect.url)
                    if effect.moves and (unjournaled := await _intended(notebook, effect.moves, attempt)):
                        return unjournaled
                    return await self._http(effect, target, attempt)
                case Together():
                    return await self._together(effect, notebook, attempt)
                case WsOpen():
                    return await sockets.open(effect, self._allow.check(effect.url), attempt)
                case WsSend():
                    return sockets.unusable(effect.connection, attempt) or await self._send(
                        effect, sockets, notebook, attempt
                    )
                case WsReceive():
                    await notebook.catch_up()
                    return await sockets.receive(effect, attempt)
                case WsClose():
                    await sockets.close(effect.connection)
                case Sleep():
                    await notebook.catch_up()
                    await asyncio.sleep(effect.seconds)
                case Resolve():
                    await notebook.resolve(effect)
        except NotAllowed as refused:
            return refusal(FaultKind.OFF_ALLOW_LIST, str(refused), attempt)
        except HarnessError as error:
            return not_journaled(error, attempt)
        return attempt.done()

    async def _send(self, effect: WsSend, sockets: AsyncSockets, notebook: Notebook, attempt: Attempt) -> Result:
        if effect.moves and (unjournaled := await _intended(notebook, effect.moves, attempt)):
            return unjournaled
        return await sockets.send(effect, attempt)

    async def _together(self, effect: Together, notebook: Notebook, attempt: Attempt) -> Result:
        targets = [self._allow.check(request.url) for request in effect.requests]
        for request in effect.requests:
            if request.moves and (unjournaled := await _intended(notebook, request.moves, attempt)):
                return unjournaled
        pairs = zip(effect.requests, targets, strict=True)
        sending = (self._http(request, target, Attempt(self._clock)) for request, target in pairs)
        return answers_of(await asyncio.gather(*sending))

    async def _http(self, effect: Http, target: Target, attempt: Attempt) -> Result:
        try:
            return await self._asking.ask(effect, attempt)
        except TRANSPORT_ERRORS as error:
            return fault(error, attempt, target, effect.timeout_s)


async def _intended(notebook: Notebook, intent: Intent, attempt: Attempt) -> TransportFault | None:
    """Make the intent durable before anything is sent; a fault where that fails."""
    try:
        await notebook.intend(intent)
    except HarnessError as error:
        return not_journaled(error, attempt)
    return None
