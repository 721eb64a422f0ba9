"""One input, played to one transport: what comes of it, what comes of the next request, and what went wrong beside them."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass

import trustme

from bench.transport_fuzz.exchanging import HANG_S, Answer, Failure, Hang, MakeTransport, exchange, request
from bench.transport_fuzz.hostile import HostileServer, Peer, in_pieces
from bench.transport_fuzz.inputs import Input

SILENCE_S = 0.1
"""How long a silent server is waited for; where that was too short to be fair, `PATIENCE_S`."""
PATIENCE_S = 3.0
CONNECT_S = 20.0
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
GOOD_ANSWER = Answer(200, (("content-length", "4"),), b"good")


@dataclass(frozen=True, slots=True)
class Crash:
    """What is neither an answer nor an error of httpx."""

    what: str


Outcome = Answer | Failure | Crash


@dataclass(frozen=True, slots=True)
class Played:
    """What two requests in a row came to: the one that got the input, and one that has to get a good answer."""

    first: Outcome
    second: Outcome
    hung: bool
    beside: tuple[str, ...]
    """What the event loop was told that nobody had handled."""
    took_s: float


@dataclass(frozen=True, slots=True)
class Trust:
    """TLS of the server and of its clients."""

    server: ssl.SSLContext
    client: ssl.SSLContext

    @classmethod
    def fresh(cls) -> Trust:
        """With an authority of its own."""
        authority = trustme.CA()
        server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
        authority.issue_cert("127.0.0.1").configure_cert(server)
        authority.configure_trust(client)
        return cls(server, client)


class _Script:
    """Says the input to the first request, and a good answer to every other one."""

    def __init__(self, given: Input, trust: Trust) -> None:
        self._given = given
        self._trust = trust
        self._begun = False
        self.told = asyncio.Event()

    async def __call__(self, peer: Peer) -> None:
        try:
            await self._talk(peer)
        finally:
            self.told.set()

    async def _talk(self, peer: Peer) -> None:
        given = self._given
        if given.secure:
            await peer.secure(self._trust.server, piece_bytes=given.record_bytes)
        while True:
            await peer.request()
            if self._begun:
                await peer.say(GOOD)
                continue
            self._begun = True
            for piece in in_pieces(given.data, given.cuts):
                await peer.say(piece, piece_bytes=given.record_bytes)
            self.told.set()
            if given.ending == "reset":
                peer.reset()
            if given.ending in ("reset", "close"):
                return


async def play(make: MakeTransport, given: Input, trust: Trust, *, silence_s: float = SILENCE_S) -> Played:
    """Both requests, one after the other, over one transport."""
    beside: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: beside.append(str(context.get("exception") or context["message"])))
    script = _Script(given, trust)
    hung = False
    outcomes: list[Outcome] = []
    began = time.monotonic()
    async with HostileServer(script, secure=given.secure) as server, make(trust.client) as transport:
        for method in (given.method, "GET"):
            timeout_s = silence_s if given.ending == "silence" and not outcomes else CONNECT_S
            content = b"{}" if method == "POST" else None
            asked = request(method, server.url, content=content, timeout_s=timeout_s, connect_s=CONNECT_S)
            try:
                outcomes.append(await exchange(transport, asked))
            except Hang as error:
                hung = True
                outcomes.append(Crash(str(error)))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
                outcomes.append(Crash(f"{type(error).__name__}: {error}"))
            await asyncio.wait_for(script.told.wait(), HANG_S)
            await asyncio.sleep(0)  # a closed connection is closed behind its behaviour
            await asyncio.sleep(0)
    return Played(outcomes[0], outcomes[1], hung, tuple(beside), time.monotonic() - began)
