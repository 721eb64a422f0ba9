"""One client and one hostile server, and what they say to each other."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import httpx

from bench.transport_fuzz.exchanging import Answer, Failure, MakeTransport, exchange, request
from bench.transport_fuzz.hostile import HostileServer, Peer, hostile

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
GOOD_ANSWER = Answer(200, (("content-length", "4"),), b"good")

First = Callable[[Peer, "Talk"], Awaitable[None]]


class Talk:
    """One client and one hostile server, whose first connection does something and whose others answer well."""

    def __init__(self, make: MakeTransport, trusting: ssl.SSLContext, first: First) -> None:
        self._first = first
        self._make, self._trusting = make, trusting
        self.requests: list[bytes] = []
        self.over = asyncio.Event()
        """The first connection has done what it was to do, and is closed if it returned."""
        self.server: HostileServer

    async def play(self, talk: Callable[[httpx.AsyncBaseTransport, Talk], Awaitable[list[object]]]) -> list[object]:
        """What the talk brings."""
        async with hostile(self._behave) as self.server, self._make(self._trusting) as transport:
            return await talk(transport, self)

    async def _behave(self, peer: Peer) -> None:
        if self.server.accepted == 1:
            try:
                await self._first(peer, self)
            finally:
                asyncio.get_running_loop().call_later(0, self.over.set)
            return
        while True:
            self.requests.append(await peer.request())
            await peer.say(GOOD)

    async def get(self, transport: httpx.AsyncBaseTransport) -> Answer | Failure:
        """One request."""
        return await exchange(transport, request("POST", self.server.url, content=b"{}"))


async def two_in_a_row(transport: httpx.AsyncBaseTransport, talk: Talk) -> list[object]:
    """Two requests, the second one when the first connection has done what it was to do."""
    first = await talk.get(transport)
    await talk.over.wait()
    return [first, await talk.get(transport), talk.server.accepted]
