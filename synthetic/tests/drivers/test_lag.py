"""Our own stalls are measured, so that they are not booked as a target's latency."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Generator
from typing import Any

from synthetic.core.effects import Http, Result
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.lag import LagMeter
from synthetic.journal.memory import MemoryJournal
from synthetic.tests.drivers.polling import until
from synthetic.tests.drivers.scenarios import LOOPBACK, PLAIN_TLS, ignore
from synthetic.tests.drivers.servers import RawServer, answer, read_request


def test_an_exchange_carries_a_stall_of_our_loop() -> None:
    """The loop is blocked while the answer is under way; the exchange says so."""
    arrived, stalling = threading.Event(), threading.Event()

    def announce(sock: socket.socket) -> None:
        while read_request(sock):
            arrived.set()
            stalling.wait(30)
            sock.sendall(answer())

    def scenario(url: str) -> Generator[Any, Any, Result]:
        result: Result = yield Http("GET", url)
        return result

    async def main(url: str) -> Result:
        driver = AsyncDriver(allow=LOOPBACK, tls=PLAIN_TLS)
        run = asyncio.create_task(driver.run(scenario(url), sink=ignore, journal=MemoryJournal()))
        await until(arrived.is_set)
        stalling.set()
        time.sleep(0.2)  # noqa: ASYNC251 - this is the stall
        result = await run
        await driver.aclose()
        return result

    with RawServer(announce) as server:
        result = asyncio.run(main(server.url))
    assert result.times.lag_ns > 150_000_000
    assert result.times.harness_lag_ns >= result.times.lag_ns


def test_a_stall_counts_only_where_it_overlaps() -> None:
    """Before and after it there was none; within it, as much as overlaps."""

    async def main() -> None:
        meter = LagMeter(SystemClock())
        meter.start()
        meter.start()  # no mistake
        await asyncio.sleep(0.02)
        began = time.monotonic_ns()
        time.sleep(0.1)  # noqa: ASYNC251 - this is the stall
        going_on = meter.longest_stall_ns(began, time.monotonic_ns())
        await asyncio.sleep(0.02)
        ended = time.monotonic_ns()
        assert going_on > 80_000_000
        assert meter.longest_stall_ns(began, ended) > 80_000_000
        assert meter.longest_stall_ns(began - 10**9, began) < 80_000_000
        assert meter.longest_stall_ns(began + 50_000_000, ended) < meter.longest_stall_ns(began, ended)
        await meter.stop()

    asyncio.run(main())


def test_one_meter_serves_two_drivers_and_outlives_them() -> None:
    """A driver stops only a meter of its own."""

    def scenario() -> Generator[Any, Any, None]:
        yield from ()

    async def main() -> None:
        meter = LagMeter(SystemClock())
        for _ in range(2):
            driver = AsyncDriver(allow=(), tls=PLAIN_TLS, lag=meter)
            await driver.run(scenario(), sink=ignore, journal=MemoryJournal())
            await driver.aclose()
        assert "synthetic-lag-meter" in {task.get_name() for task in asyncio.all_tasks()}
        await meter.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
