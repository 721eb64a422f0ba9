"""One client that asks again and again: `python -m bench.line.asking CLIENT URL AT_ONCE SECONDS` prints its requests and its CPU.

Each of `AT_ONCE` connections sends the next request when it has its answer: a small JSON body by GET, with keep-alive.
"""

from __future__ import annotations

import asyncio
import json
import selectors
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from urllib.parse import urlsplit

import aiohttp
import httpx

from bench.engine import allow_files
from synthetic.core.effects import Http, HttpReply, Result
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.guard import Limits
from synthetic.drivers.probe import ProbeTransport
from synthetic.journal.memory import MemoryJournal

PATH = "/ping"
WARM_UP_S = 0.3
ANSWER_MAX = 1 << 16


class Counter:
    """Counts requests once the warm-up is over. `going`: whether there is time left."""

    def __init__(self, for_s: float) -> None:
        self._since_s = time.monotonic() + WARM_UP_S
        self._until_s = self._since_s + for_s
        self._cpu_s = 0.0
        self.requests = 0

    def going(self) -> bool:
        """Count one request that is about to be sent."""
        now_s = time.monotonic()
        if now_s > self._since_s:
            self._cpu_s = self._cpu_s or time.process_time()
            self.requests += 1
        return now_s < self._until_s

    def tell(self) -> None:
        """Print requests and CPU seconds."""
        print(json.dumps([self.requests, time.process_time() - self._cpu_s]))


def raw_sockets(url: str, at_once: int, counter: Counter) -> None:
    """Nothing but sockets: bytes out, bytes in, nobody looks at them. What Python itself costs."""
    where = urlsplit(url)
    request = f"GET {PATH} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode()
    assert where.hostname is not None
    assert where.port is not None
    waiting = selectors.DefaultSelector()
    for _ in range(at_once):
        sock = socket.create_connection((where.hostname, where.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        waiting.register(sock, selectors.EVENT_READ)
        sock.send(request)
    while True:
        for key, _ in waiting.select():
            sock = key.fileobj  # type: ignore[assignment] - sockets are all that was registered
            sock.recv(ANSWER_MAX)
            if not counter.going():
                return
            sock.send(request)


Ask = Callable[[], Awaitable[None]]


async def _together(ask: Ask, at_once: int, counter: Counter) -> None:
    async def one() -> None:
        while counter.going():
            await ask()

    await asyncio.gather(*(one() for _ in range(at_once)))


async def by_driver(url: str, at_once: int, counter: Counter) -> None:
    """Our asyncio driver, as a run has it: effects in, results out."""

    def asking() -> Generator[Http, Result | None, None]:
        while counter.going():
            reply = yield Http("GET", url + PATH)
            assert isinstance(reply, HttpReply), reply

    driver = AsyncDriver(allow=["127.0.0.1:*"], limits=Limits(connections_max=at_once))
    journal = MemoryJournal()
    await asyncio.gather(*(driver.run(asking(), sink=lambda _event: None, journal=journal) for _ in range(at_once)))
    await driver.aclose()


async def by_httpx(url: str, at_once: int, counter: Counter) -> None:
    """httpx as its manual shows it."""
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(limits=limits, timeout=60.0, trust_env=False) as client:
        await _together(_asking(client, url), at_once, counter)


async def by_httpx_over_ours(url: str, at_once: int, counter: Counter) -> None:
    """httpx over the probe transport."""
    async with httpx.AsyncClient(transport=ProbeTransport(limits=Limits(connections_max=at_once))) as client:
        await _together(_asking(client, url), at_once, counter)


def _asking(client: httpx.AsyncClient, url: str) -> Ask:
    async def ask() -> None:
        (await client.get(url + PATH)).raise_for_status()

    return ask


async def by_aiohttp(url: str, at_once: int, counter: Counter) -> None:
    """aiohttp as its manual shows it."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as session:

        async def ask() -> None:
            async with session.get(url + PATH, raise_for_status=True) as answer:
                await answer.read()

        await _together(ask, at_once, counter)


ASYNC = {"driver": by_driver, "httpx": by_httpx, "httpx-ours": by_httpx_over_ours, "aiohttp": by_aiohttp}


def main(arguments: Sequence[str]) -> int:
    """Ask until the time is over, and print."""
    client, url, at_once, for_s = arguments[0], arguments[1], int(arguments[2]), float(arguments[3])
    allow_files(at_once)
    counter = Counter(for_s)
    if client == "raw":
        raw_sockets(url, at_once, counter)
    else:
        asyncio.run(ASYNC[client](url, at_once, counter))
    counter.tell()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
