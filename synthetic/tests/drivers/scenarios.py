"""Hand-written scenarios, and ways to play one under either driver."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from synthetic.core.effects import Effect, Intent, Result, Times
from synthetic.core.money import Money
from synthetic.core.ports import EventSink, Journal
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.blocking_driver import BlockingDriver
from synthetic.drivers.course import Scenario
from synthetic.drivers.guard import Limits
from synthetic.journal.memory import MemoryJournal
from synthetic.locust_user.carrier import GeventCarrier, SharedClients

LOOPBACK = ("127.0.0.1:*", "localhost:*", "nonexistent.invalid:*")
NO_TIMES = Times(0, 0, 0, 0)


def asking(*effects: Effect) -> Scenario[list[Result]]:
    """Ask for these effects, one after the other, and return the results."""
    results: list[Result] = []
    for effect in effects:
        result = yield effect
        assert result is not None
        results.append(result)
    return results


def deposit(key: str = "key-1", minor: int = 100, run_id: str = "run-1") -> Intent:
    """The intent of a deposit."""
    return Intent(
        run_id, "deposit", "cashier.deposit", "deposit", Money(minor, "EUR"), key, "psp", "wallet", "canary", "p1"
    )


def timeless(result: Result) -> Result:
    """The result without its times, for comparison."""
    return replace(result, times=NO_TIMES)


def ignore(_event: Any) -> None:
    """A sink that keeps nothing."""


class Play(Protocol):
    """Play a scenario with a fresh driver."""

    def __call__(
        self,
        scenario: Scenario[Any],
        *,
        allow: Sequence[str] = LOOPBACK,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
        journal: Journal | None = None,
        sink: EventSink = ignore,
    ) -> Any:
        """What the scenario returned."""


def play_asyncio(
    scenario: Scenario[Any],
    *,
    allow: Sequence[str] = LOOPBACK,
    tls: ssl.SSLContext | None = None,
    limits: Limits | None = None,
    journal: Journal | None = None,
    sink: EventSink = ignore,
) -> Any:
    async def main() -> Any:
        driver = AsyncDriver(allow=allow, tls=tls or PLAIN_TLS, limits=limits)
        try:
            return await driver.run(scenario, sink=sink, journal=journal or MemoryJournal())
        finally:
            await driver.aclose()

    return asyncio.run(main())


def play_blocking(
    scenario: Scenario[Any],
    *,
    allow: Sequence[str] = LOOPBACK,
    tls: ssl.SSLContext | None = None,
    limits: Limits | None = None,
    journal: Journal | None = None,
    sink: EventSink = ignore,
) -> Any:
    driver = BlockingDriver(allow=allow, tls=tls or PLAIN_TLS, limits=limits)
    try:
        return driver.run(scenario, sink=sink, journal=journal or MemoryJournal())
    finally:
        driver.close()


def play_gevent(
    scenario: Scenario[Any],
    *,
    allow: Sequence[str] = LOOPBACK,
    tls: ssl.SSLContext | None = None,
    limits: Limits | None = None,
    journal: Journal | None = None,
    sink: EventSink = ignore,
) -> Any:
    """The blocking driver with the carrier of load users."""
    own_tls, own_limits = tls or PLAIN_TLS, limits or Limits()
    carrier = GeventCarrier(SharedClients(own_tls, own_limits), own_limits)
    driver = BlockingDriver(allow=allow, tls=own_tls, limits=own_limits, carrier=carrier)
    try:
        return driver.run(scenario, sink=sink, journal=journal or MemoryJournal())
    finally:
        driver.close()


PLAIN_TLS = ssl.create_default_context()
PLAYERS: dict[str, Play] = {"asyncio": play_asyncio, "blocking": play_blocking, "gevent": play_gevent}
Make = Callable[[], Scenario[Any]]
