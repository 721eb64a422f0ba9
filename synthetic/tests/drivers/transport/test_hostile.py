"""Whatever else comes: a clear error within bounds, never a hang, never half an answer taken for a whole one."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import zlib
from dataclasses import dataclass

import brotli
import pytest

from bench.transport_fuzz.exchanging import Answer, Failure, MakeTransport, exchange, ours, request
from bench.transport_fuzz.hostile import Behaviour, HostileServer, Peer, hostile

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
FIVE = OK + b"Content-Length: 5\r\n\r\n"
TIMEOUT_S = 0.3
TAKEN_BYTES_MAX = 16 << 20
"""What a server gets rid of to a client that takes 4 MiB: the rest lies in the buffers of both sockets."""


async def outcome(
    make: MakeTransport, trusting: ssl.SSLContext, server: HostileServer, **asked: object
) -> Answer | Failure:
    """What one request comes to, and that nothing goes wrong beside it."""
    beside: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: beside.append(context))
    async with make(trusting) as transport:
        came = await exchange(transport, request(**{"method": "POST", "url": server.url, **asked}))  # type: ignore[arg-type]
    assert beside == []
    return came


def saying(*pieces: bytes, then: str = "close") -> Behaviour:
    """Read the request, say these, and then close, reset or stay silent."""

    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.say(*pieces)
        if then == "reset":
            peer.reset()
        elif then == "silence":
            await peer.silence()

    return behave


@dataclass(frozen=True, slots=True)
class Bad:
    """An answer that is none, and the kinds of error that it may be told by."""

    name: str
    pieces: tuple[bytes, ...]
    kinds: str = "RemoteProtocolError"
    then: str = "close"
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.name


BROKEN = "RemoteProtocolError ReadError"
PACKED = (("accept-encoding", "gzip, deflate, br"),)
CODED = "DecodingError RemoteProtocolError"


def coded(coding: str, body: bytes) -> tuple[bytes, ...]:
    """A body in a coding."""
    return (OK + f"Content-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body,)


REFUSED = [
    Bad("closed without a word", (), BROKEN),
    Bad("reset without a word", (), BROKEN, "reset"),
    Bad("half a status line", (b"HTTP/1.1 20",), BROKEN),
    Bad("half a head", (OK + b"Content-Le",), BROKEN),
    Bad("half a head, then a reset", (OK + b"Content-Le",), BROKEN, "reset"),
    Bad("a head without its body", (FIVE,), BROKEN),
    Bad("a part of the body", (FIVE, b"abc"), BROKEN),
    Bad("a part of the body, then a reset", (FIVE, b"abc"), BROKEN, "reset"),
    Bad("a chunk without an end", (CHUNKED, b"5\r\nab"), BROKEN),
    Bad("chunks without the last one", (CHUNKED, b"2\r\nab\r\n"), BROKEN),
    Bad("chunks without the last line", (CHUNKED, b"2\r\nab\r\n0\r\n"), BROKEN),
    Bad("an informational answer alone", (b"HTTP/1.1 103 Early Hints\r\n\r\n",), BROKEN),
    Bad("silence", (), "ReadTimeout", "silence"),
    Bad("silence within a head", (OK + b"X-A: b",), "ReadTimeout", "silence"),
    Bad("silence within a body", (FIVE, b"ab"), "ReadTimeout", "silence"),
    Bad("silence within chunks", (CHUNKED, b"2\r\nab\r\n"), "ReadTimeout", "silence"),
    Bad("silence behind informational answers", (b"HTTP/1.1 100 Continue\r\n\r\n",) * 3, "ReadTimeout", "silence"),
    Bad("no HTTP at all", (b"220 mail.example.com ESMTP\r\n",)),
    Bad("bytes", (bytes(range(256)) + b"\r\n\r\n",)),
    Bad("TLS where none is spoken", (b"\x15\x03\x01\x00\x02\x02\x46",), BROKEN),
    Bad("HTTP/0.9", (b"<html>hello</html>",), BROKEN),
    Bad("a request", (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",)),
    Bad("a status of two digits", (b"HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok",)),
    Bad("a status of four digits", (b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok",)),
    Bad("a status of letters", (b"HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\nok",)),
    Bad("a header without a colon", (OK + b"Nonsense\r\nContent-Length: 2\r\n\r\nok",)),
    Bad("a header without a name", (OK + b": value\r\nContent-Length: 2\r\n\r\nok",)),
    Bad("a name with a space", (OK + b"X Y: value\r\nContent-Length: 2\r\n\r\nok",)),
    Bad("a name with a blank behind it", (OK + b"Content-Length : 2\r\n\r\nok",)),
    Bad("a NUL in the status line", (b"HTTP/1.1 200 O\0K\r\nContent-Length: 2\r\n\r\nok",)),
    Bad("a NUL in a header", (OK + b"X-A: a\0b\r\nContent-Length: 2\r\n\r\nok",)),
    Bad("a length that is no number", (OK + b"Content-Length: five\r\n\r\nabcde",)),
    Bad("a negative length", (OK + b"Content-Length: -5\r\n\r\nabcde",)),
    Bad("a signed length", (OK + b"Content-Length: +5\r\n\r\nabcde",)),
    Bad("a length in hexadecimal", (OK + b"Content-Length: 0x5\r\n\r\nabcde",)),
    Bad("two lengths", (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",)),
    Bad("two lengths in one header", (OK + b"Content-Length: 5, 6\r\n\r\nabcdef",)),
    Bad("an unknown transfer coding", (OK + b"Transfer-Encoding: gzip\r\n\r\nabc",)),
    Bad("chunked twice", (OK + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n",)),
    Bad(
        "an upgrade that nobody asked for",
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n",),
    ),
    Bad("chunked, and then something else", (OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",)),
    Bad("a chunk size of letters", (CHUNKED + b"xyz\r\nabc\r\n0\r\n\r\n",)),
    Bad("a negative chunk size", (CHUNKED + b"-2\r\nab\r\n0\r\n\r\n",)),
    Bad("a chunk size in C's spelling", (CHUNKED + b"0x2\r\nab\r\n0\r\n\r\n",)),
    Bad("a chunk size beyond 64 bits", (CHUNKED + b"f" * 21 + b"\r\nab\r\n0\r\n\r\n",)),
    Bad("an empty chunk size", (CHUNKED + b"\r\nab\r\n0\r\n\r\n",)),
    Bad("a chunk that is longer than it says", (CHUNKED + b"2\r\nabc\r\n0\r\n\r\n",)),
    Bad("a chunk that lacks a byte", (CHUNKED + b"3\r\nab\r\n0\r\n\r\n",)),
    Bad("a chunk that ends with a bare line feed", (CHUNKED + b"2\r\nab\n0\r\n\r\n",)),
    Bad("a chunk that is shorter than it says", (CHUNKED + b"4\r\nab\r\n0\r\n\r\n",)),
    Bad("gzip that is none", coded("gzip", b"hello"), CODED, headers=PACKED),
    Bad("deflate that is none", coded("deflate", b"\x01hello"), CODED, headers=PACKED),
    Bad("br that is none", coded("br", b"\xff" * 40), CODED, headers=PACKED),
]


@pytest.mark.parametrize("bad", REFUSED, ids=str)
def test_what_is_no_answer_is_an_error_of_httpx(
    make_transport: MakeTransport, trusting: ssl.SSLContext, bad: Bad
) -> None:
    """The kind says what happened: the answer broke off, it did not come, or it is none."""
    timeout_s = TIMEOUT_S if bad.then == "silence" else 30.0

    async def play() -> Answer | Failure:
        async with hostile(saying(*bad.pieces, then=bad.then)) as server:
            asked = {"headers": dict(bad.headers), "content": b"{}", "timeout_s": timeout_s}
            return await outcome(make_transport, trusting, server, **asked)

    came = asyncio.run(play())
    assert isinstance(came, Failure), came
    assert came.kind in bad.kinds.split()
    if make_transport is ours and came.kind != "DecodingError":  # that one is httpx's own
        assert_clear(came)


def assert_clear(failure: Failure) -> None:
    """One line that a person can read, with nothing in it of what the target sent."""
    assert 10 < len(failure.message) < 200
    assert failure.message.isprintable()
    assert "X-" not in failure.message


def flooding(chunk: bytes, *, first: bytes = b"") -> Behaviour:
    """Send `first`, and then the chunk until the client has gone."""

    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.say(first)
        while True:
            await peer.say(chunk)

    return behave


HEAD_FLOODS = {
    "a status line without end": flooding(b"x" * 4096, first=b"HTTP/1.1 200 "),
    "a header without end": flooding(b"x" * 4096, first=OK + b"X-Long: "),
    "a name without end": flooding(b"x" * 4096, first=OK),
    "headers without end": flooding(b"X-Some: header\r\n" * 100, first=OK),
    "empty lines before the head": flooding(b"\r\n" * 2000),
    "trailers without end": flooding(b"X-Some: trailer\r\n" * 100, first=CHUNKED + b"0\r\n"),
    "a chunk's extension without end": flooding(b"x" * 4096, first=CHUNKED + b"2;"),
    "a chunk's size without end": flooding(b"0" * 4096, first=CHUNKED),
}


@pytest.mark.parametrize("name", sorted(HEAD_FLOODS))
def test_what_frames_an_answer_has_an_end(make_transport: MakeTransport, trusting: ssl.SSLContext, name: str) -> None:
    """Head, trailers and the lines of chunks are bounded by every transport."""

    async def play() -> tuple[Answer | Failure, int]:
        async with hostile(HEAD_FLOODS[name]) as server:
            came = await outcome(make_transport, trusting, server)
            return came, server.peers[0].sent_bytes

    came, sent_bytes = asyncio.run(play())
    assert isinstance(came, Failure)
    assert came.kind in BROKEN.split()
    assert sent_bytes < TAKEN_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Stricter:
    """What only ours refuses, by what it says of it. httpx reads on without an end, or takes what may be a forgery."""

    name: str
    behave: Behaviour
    says: str
    method: str = "POST"
    timeout_s: float = 30.0

    def __str__(self) -> str:
        return self.name


def dripping(first: bytes, drop: bytes) -> Behaviour:
    """Send `first`, then the drop again and again, each soon enough for a time-out of single reads."""

    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.say(first)
        while True:
            await peer.drip(drop, every_s=0.02)

    return behave


BOMB = bytes(6 << 20)
TOO_LARGE = "the server sent a body over the limit of 1048576 bytes"
TIMED_OUT = "ReadTimeout"
STRICTER = [
    Stricter("a length over the limit", saying(OK + b"Content-Length: 1048577\r\n\r\n", bytes(1048577)), TOO_LARGE),
    Stricter("a body without end", flooding(bytes(65536), first=OK + b"\r\n"), TOO_LARGE),
    Stricter("chunks without end", flooding(b"10000\r\n" + bytes(65536) + b"\r\n", first=CHUNKED), TOO_LARGE),
    Stricter("crumbs without end", flooding(b"1\r\nx\r\n" * 2000, first=CHUNKED), "chunks of next to nothing"),
    Stricter("1xx without end", flooding(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100), "a head over the limit of 131072"),
    Stricter("a bomb of gzip", saying(*coded("gzip", gzip.compress(BOMB))), f"{TOO_LARGE} unpacked"),
    Stricter("a bomb of deflate", saying(*coded("deflate", zlib.compress(BOMB))), f"{TOO_LARGE} unpacked"),
    Stricter("a bomb of br", saying(*coded("br", brotli.compress(BOMB, quality=1))), f"{TOO_LARGE} unpacked"),
    Stricter(
        "a bomb within a bomb",
        saying(*coded("gzip, gzip", gzip.compress(gzip.compress(BOMB)))),
        f"{TOO_LARGE} unpacked",
    ),
    Stricter(
        "a tab behind the coding", saying(OK + b"Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n"), "a tab behind it"
    ),
    Stricter("a drip of the head", dripping(OK + b"X-Drip: ", b"x"), TIMED_OUT, timeout_s=TIMEOUT_S),
    Stricter(
        "a drip of the body", dripping(OK + b"Content-Length: 9999\r\n\r\n", b"x"), TIMED_OUT, timeout_s=TIMEOUT_S
    ),
    Stricter("a drip of crumbs", dripping(CHUNKED, b"1\r\nx\r\n"), TIMED_OUT, timeout_s=TIMEOUT_S),
]


@pytest.mark.parametrize("case", STRICTER, ids=str)
def test_ours_ends_what_would_not_end(trusting: ssl.SSLContext, case: Stricter) -> None:
    """However the target stretches its answer: one error that says what it did, and little was taken of it."""

    async def play() -> tuple[Answer | Failure, int]:
        async with hostile(case.behave) as server:
            asked = {"method": case.method, "headers": dict(PACKED), "timeout_s": case.timeout_s}
            came = await outcome(ours, trusting, server, **asked)
            return came, server.peers[0].sent_bytes

    came, sent_bytes = asyncio.run(play())
    assert isinstance(came, Failure), came.body[:100]
    assert case.says in f"{came.kind}: {came.message}"
    assert_clear(came)
    assert sent_bytes < TAKEN_BYTES_MAX
