"""What leaves: what httpx would have sent, and nothing that is not HTTP."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from bench.transport_fuzz.exchanging import Answer, Failure, MakeTransport, exchange, httpx_own, ours
from bench.transport_fuzz.hostile import Peer, hostile
from synthetic.tests.drivers.transport.talking import GOOD, GOOD_ANSWER


async def parts() -> AsyncIterator[bytes]:
    """A body whose length nobody knows beforehand."""
    for part in (b"one", b"", b"two" * 5000, b"x"):
        yield part


def sent(method: str, path: str = "", *, in_parts: bool = False, **options: object) -> Callable[[str], httpx.Request]:
    """A request of which a server has to see the same, whoever carries it."""

    def make(url: str) -> httpx.Request:
        content = {"content": parts()} if in_parts else {}
        return httpx.Request(method, url + path, **content, **options)  # type: ignore[arg-type]

    return make


REQUESTS = {
    "a plain one": sent("GET"),
    "a query": sent("GET", "a/b%2Fc?q=1&r=%20ü&s"),
    "no body, but a method that has one": sent("POST"),
    "a body": sent("POST", content=b'{"a": 1}'),
    "JSON": sent("POST", json={"amount": 1}),
    "a form": sent("POST", data={"a": "1 2", "b": "ü"}),
    "a body in parts": sent("POST", in_parts=True),
    "headers of every case": sent("PUT", headers=[("X-AbC", "1"), ("x-abc", "2"), ("X-Empty", "")], content=b"x"),
    "latin-1 in a header": sent("GET", headers=[("x-name", "Björn".encode("latin-1"))]),
    "a Host of its own": sent("GET", headers={"host": "example.com"}),
    "an odd method": sent("PURGE"),
}


def unchunked(request: bytes) -> bytes:
    """The request with a body in chunks as one: where they are cut is nobody's business."""
    head, _, body = request.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head.lower():
        return request
    whole = b""
    while size := int(body.partition(b"\r\n")[0], 16):
        body = body.partition(b"\r\n")[2]
        whole, body = whole + body[:size], body[size + 2 :]
    return head + b"\r\n\r\n" + whole


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_a_server_sees_what_httpx_would_have_sent(
    make_transport: MakeTransport, trusting: ssl.SSLContext, name: str
) -> None:
    """The same request line, headers and body."""

    async def seen(make: MakeTransport) -> bytes:
        async def behave(peer: Peer) -> None:
            requests.append(await peer.request())
            await peer.say(GOOD)

        requests: list[bytes] = []
        async with hostile(behave) as server, make(trusting) as transport:
            assert await exchange(transport, REQUESTS[name](server.url)) == GOOD_ANSWER
        return unchunked(requests[0].replace(str(server.port).encode(), b"PORT"))

    assert asyncio.run(seen(make_transport)) == asyncio.run(seen(httpx_own))


@pytest.mark.parametrize(
    "asked",
    [
        sent("GET", headers=[("x-a", "b\r\nx-smuggled: 1")]),
        sent("GET", headers=[("x-a", "b\nc")]),
        sent("GET", headers=[("x-a\r\n", "b")]),
        sent("GET", headers=[("x a", "b")]),
        sent("GET", headers=[("x-a", "b\0c")]),
        sent("GE T"),
        sent("GET / HTTP/1.1\r\n\r\nGET"),
    ],
)
def test_what_can_not_be_written_is_not_sent(
    make_transport: MakeTransport, trusting: ssl.SSLContext, asked: Callable[[str], httpx.Request]
) -> None:
    """A line break in a header never becomes a second header."""

    async def play() -> tuple[Answer | Failure, list[bytes]]:
        async def behave(peer: Peer) -> None:
            requests.append(await peer.request())
            await peer.say(GOOD)

        requests: list[bytes] = []
        async with hostile(behave) as server, make_transport(trusting) as transport:
            return await exchange(transport, asked(server.url)), requests

    came, requests = asyncio.run(play())
    assert isinstance(came, Failure)
    assert (came.kind, requests) == ("LocalProtocolError", [])


@pytest.mark.parametrize("length", ["2", "5", "03", "x", "-1"])
def test_ours_sends_no_body_that_is_not_as_long_as_it_says(trusting: ssl.SSLContext, length: str) -> None:
    """Or the rest of it would be the beginning of the next request."""

    async def play() -> tuple[Answer | Failure, int]:
        async with hostile(Peer.silence) as server, ours(trusting) as transport:
            asked = httpx.Request("POST", server.url, headers={"content-length": length}, content=b"abc")
            return await exchange(transport, asked), server.accepted

    came, _ = asyncio.run(play())
    assert isinstance(came, Failure)
    assert came.kind == "LocalProtocolError"
