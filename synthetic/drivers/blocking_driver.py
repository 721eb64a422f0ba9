"""The blocking driver: plays one run at a time in the calling thread or greenlet, with the same results as the asyncio driver.

pytest's and Locust's. It uses httpcore, the engine of httpx, for the reasons that the asyncio driver has, unless a `Carrier` is
given. Nothing here retries.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from synthetic.core.effects import (
    Effect,
    FaultKind,
    Http,
    HttpReply,
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
from synthetic.drivers.attempt import ATTEMPT, Attempt
from synthetic.drivers.blocking_pool import DEADLINE, Requesting, blocking_pool
from synthetic.drivers.blocking_sockets import BlockingSockets
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.course import Course, Scenario, handed_over
from synthetic.drivers.dialling import Deadline
from synthetic.drivers.guard import AllowList, Limits
from synthetic.drivers.http_wire import AnswerReader, http_request, lowered
from synthetic.drivers.intake import INTAKE, Intake
from synthetic.drivers.lag import Stalls, exposed
from synthetic.drivers.places import NotAllowed, Target
from synthetic.drivers.proxies import Proxy
from synthetic.drivers.reaching import reach
from synthetic.drivers.tls import client_context
from synthetic.drivers.together import answers_of
from synthetic.drivers.translate import TRANSPORT_ERRORS, fault, not_journaled, refusal

T = TypeVar("T")


class Carrier(Protocol):
    """What carries one request and brings its answer. `DEADLINE` and `INTAKE` are set meanwhile, and have to be obeyed."""

    def exchange(self, effect: Http, target: Target, attempt: Attempt) -> HttpReply:
        """Send it, at most once, and read its answer. Raises one of `TRANSPORT_ERRORS`."""

    def close(self) -> None:
        """Close what is open."""


class BlockingDriver:
    """Performs effects against one cell. `allow`: see `AllowList`. `carrier` carries HTTP in place of a pool of its own.

    `stalls`: what is noted of the stalls of the loop that the runs share, where they share one. `proxy`: an HTTP proxy that
    everything goes through, but for what a `carrier` carries.
    """

    def __init__(
        self,
        *,
        allow: Sequence[str],
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
        carrier: Carrier | None = None,
        stalls: Stalls | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        self._allow = AllowList.of(allow)
        self._limits = limits or Limits()
        self._clock = clock or SystemClock()
        self._tls = tls or client_context()
        self._proxy = proxy
        self._carrier = carrier or _PooledCarrier(blocking_pool(self._tls, self._limits, proxy), self._limits)
        self._stalls = stalls

    def run(self, scenario: Scenario[T], *, sink: EventSink, journal: Journal) -> T:
        """Play a scenario to its end and return what it returns. Its WebSockets are closed however it ends."""
        course = Course(scenario, sink)
        sockets = BlockingSockets(self._tls, self._limits, self._clock, self._proxy)
        try:
            effect = course.advance()
            while effect is not None:
                result = self._perform(effect, sockets, journal)
                effect = course.advance(self._handed_over(result))
            return course.value
        finally:
            try:
                course.close()
            finally:
                sockets.close_all()

    def reach(self, url: str, timeout_s: float) -> TransportFault | None:
        """Whether the address of a URL can be connected to (TCP, TLS); None where it can."""
        return reach(url, timeout_s, allow=self._allow, tls=self._tls, clock=self._clock, proxy=self._proxy)

    def close(self) -> None:
        """Close the pooled connections."""
        self._carrier.close()

    def _handed_over(self, result: Result) -> Result:
        handled = self._clock.monotonic_ns()
        stall = self._stalls.longest_stall_ns(*exposed(result, handled)) if self._stalls is not None else 0
        return handed_over(result, handled, stall)

    def _perform(self, effect: Effect, sockets: BlockingSockets, journal: Journal) -> Result:
        attempt = Attempt(self._clock)
        try:
            match effect:
                case Http():
                    target = self._allow.check(effect.url)
                    return _intended(journal, effect.moves, attempt) or self._http(effect, target, attempt)
                case Together():
                    return self._together(effect, journal, attempt)
                case WsOpen():
                    return sockets.open(effect, self._allow.check(effect.url), attempt)
                case WsSend():
                    return (
                        sockets.unusable(effect.connection, attempt)
                        or _intended(journal, effect.moves, attempt)
                        or sockets.send(effect, attempt)
                    )
                case WsReceive():
                    return sockets.receive(effect, attempt)
                case WsClose():
                    sockets.close(effect.connection)
                case Sleep():
                    time.sleep(effect.seconds)
                case Resolve():
                    journal.resolve(effect.key, effect.state)
        except NotAllowed as refused:
            return refusal(FaultKind.OFF_ALLOW_LIST, str(refused), attempt)
        except HarnessError as error:
            return not_journaled(error, attempt)
        return attempt.done()

    def _together(self, effect: Together, journal: Journal, attempt: Attempt) -> Result:
        targets = [self._allow.check(request.url) for request in effect.requests]
        for request in effect.requests:
            if (unjournaled := _intended(journal, request.moves, attempt)) is not None:
                return unjournaled
        attempts = [Attempt(self._clock) for _ in targets]
        with ThreadPoolExecutor(len(targets), "synthetic-together") as threads:
            return answers_of(list(threads.map(self._http, effect.requests, targets, attempts)))

    def _http(self, effect: Http, target: Target, attempt: Attempt) -> Result:
        tokens = DEADLINE.set(Deadline(effect.timeout_s)), INTAKE.set(Intake(self._limits)), ATTEMPT.set(attempt)
        try:
            return self._carrier.exchange(effect, target, attempt)
        except TRANSPORT_ERRORS as error:
            return fault(error, attempt, target, effect.timeout_s)
        finally:
            DEADLINE.reset(tokens[0])
            INTAKE.reset(tokens[1])
            ATTEMPT.reset(tokens[2])


class _PooledCarrier:
    """httpcore's pool, in which one deadline covers a whole request."""

    def __init__(self, pool: Requesting, limits: Limits) -> None:
        self._limits = limits
        self._pool = pool

    def exchange(self, effect: Http, target: Target, attempt: Attempt) -> HttpReply:  # noqa: ARG002 - the URL has it
        timeout = {"pool": DEADLINE.get().remaining_s()}
        response = self._pool.handle_request(http_request(effect, {"trace": attempt.trace, "timeout": timeout}))
        try:
            INTAKE.get().expect_body()
            answer = AnswerReader(effect.method, response.status, lowered(response.headers), self._limits, attempt)
            for chunk in response.iter_stream():
                answer.feed(chunk)
        finally:
            response.close()
        return answer.reply(attempt.times())

    def close(self) -> None:
        self._pool.close()


def _intended(journal: Journal, intent: Intent | None, attempt: Attempt) -> TransportFault | None:
    """Make the intent durable before anything is sent; a fault where that fails."""
    if intent is None:
        return None
    try:
        journal.intend(intent)
    except HarnessError as error:
        return not_journaled(error, attempt)
    return None
