"""Journeys by hand on asyncio, with clients as their manuals show them.

`python -m bench.accuracy.with_asyncio httpx|aiohttp URL CELLS AT_ONCE SECONDS`
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import httpx

from bench.accuracy.by_hand import Call, calls
from bench.accuracy.sampling import CALL_TIMEOUT_S, OVER_WITHIN_S, WARM_UP_S, Samples, Task
from bench.server.starting import truth_of

Ask = Callable[[Call], Awaitable[tuple[int, tuple[int, int], Any]]]
"""One call: the latency as its author would take it, what the server says of it, and the JSON."""


@asynccontextmanager
async def with_httpx(task: Task) -> AsyncIterator[Ask]:
    """One client with as many connections as there are journeys."""
    limits = httpx.Limits(max_connections=task.at_once, max_keepalive_connections=task.at_once)
    async with httpx.AsyncClient(base_url=task.url, limits=limits, timeout=CALL_TIMEOUT_S, trust_env=False) as client:

        async def ask(call: Call) -> tuple[int, tuple[int, int], Any]:
            began_ns = time.monotonic_ns()
            answer = await client.request(call.method, call.path, headers=call.headers, json=call.body)
            taken_ns = time.monotonic_ns() - began_ns
            return taken_ns, truth_of(answer.raise_for_status().headers), answer.json()

        yield ask


@asynccontextmanager
async def with_aiohttp(task: Task) -> AsyncIterator[Ask]:
    """One session with as many connections as there are journeys."""
    connector = aiohttp.TCPConnector(limit=task.at_once)
    timeout = aiohttp.ClientTimeout(CALL_TIMEOUT_S)
    async with aiohttp.ClientSession(task.url, connector=connector, timeout=timeout) as session:

        async def ask(call: Call) -> tuple[int, tuple[int, int], Any]:
            began_ns = time.monotonic_ns()
            async with session.request(
                call.method, call.path, headers=call.headers, json=call.body, raise_for_status=True
            ) as answer:
                await answer.read()
                taken_ns = time.monotonic_ns() - began_ns
                return taken_ns, truth_of(answer.headers), await answer.json()

        yield ask


CLIENTS = {"httpx": with_httpx, "aiohttp": with_aiohttp}


async def play(name: str, task: Task) -> Samples:
    """Play journeys until the time is over."""
    samples = Samples()
    end_s = time.monotonic() + WARM_UP_S + task.for_s
    async with CLIENTS[name](task) as ask:
        try:
            async with asyncio.timeout(WARM_UP_S + task.for_s + OVER_WITHIN_S):
                await asyncio.gather(*(_player(number, task, ask, samples, end_s) for number in range(task.at_once)))
        except TimeoutError:  # it is told with what was measured until then
            samples.failed += 1
    return samples


async def _player(player: int, task: Task, ask: Ask, samples: Samples, end_s: float) -> None:
    await asyncio.sleep(task.begins_after_s(player))
    number = 0
    while time.monotonic() < end_s:
        number += 1
        journey = calls(player, f"r{player}-{number}")
        call = next(journey)
        while call is not None:
            try:
                latency_ns, truth, told = await ask(call)
            except (httpx.HTTPError, aiohttp.ClientError, TimeoutError):
                samples.failed += 1
                break
            samples.add(latency_ns, truth)
            try:
                call = journey.send(told)
            except StopIteration:
                break
            if time.monotonic() > end_s:
                return
        samples.journeys += 1


def main(arguments: Sequence[str]) -> int:
    """Play, and print the samples."""
    name, *rest = arguments
    asyncio.run(play(name, Task.of(rest))).tell()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
