"""What the real servers answer, written once: an ASGI application for uvicorn and hypercorn, a handler for aiohttp."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import brotli
from aiohttp import web

LARGE = bytes(range(256)) * 2048  # half of what a driver takes, and no power of a buffer's size with its head
TEXT = b"Deposits, bets and withdrawals. " * 40


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; more than one piece is sent without a length, as a stream."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    pieces: tuple[bytes, ...] = (b"",)

    @property
    def streamed(self) -> bool:
        """Whether its length is not known when its head is sent."""
        return len(self.pieces) > 1


def packed(coding: str, body: bytes) -> Reply:
    """A body in a coding."""
    return Reply(headers=(("content-encoding", coding),), pieces=(body,))


REPLIES = {
    "/plain": Reply(headers=(("content-type", "text/plain"),), pieces=(TEXT,)),
    "/empty": Reply(),
    "/large": Reply(pieces=(LARGE,)),
    "/streamed": Reply(pieces=(b"one", b"two" * 1000, b"x", LARGE)),
    "/gzip": packed("gzip", gzip.compress(TEXT)),
    "/deflate": packed("deflate", zlib.compress(TEXT)),
    "/br": packed("br", brotli.compress(TEXT)),
    "/streamed-gzip": Reply(
        headers=(("content-encoding", "gzip"),),
        pieces=tuple(gzip.compress(TEXT)[at : at + 7] for at in range(0, 91, 7)),
    ),
    "/no-content": Reply(204),
    "/not-modified": Reply(304, (("etag", '"a"'),)),
    "/moved": Reply(302, (("location", "/plain"),)),
    "/missing": Reply(404, pieces=(b"no such thing",)),
    "/broken": Reply(500, pieces=(b'{"error": "psp_unavailable"}',)),
    "/odd-status": Reply(299, pieces=(b"odd",)),
    "/cookies": Reply(headers=(("set-cookie", "a=1"), ("set-cookie", "b=2; Path=/"), ("x-empty", ""))),
    "/latin": Reply(headers=(("x-name", "Björn"), ("x-long", "y" * 7000))),
    "/closing": Reply(headers=(("connection", "close"),), pieces=(b"last",)),
}


Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]


async def application(
    scope: Scope, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """The replies as an ASGI application; `/echo` says what it was sent, `/peer` from which port."""
    path = scope["path"]
    if path == "/echo":
        reply = Reply(pieces=(await _body(receive),))
    elif path == "/peer":
        reply = Reply(pieces=(str(scope["client"][1]).encode(),))
    else:
        reply = REPLIES[path]
    headers = [(name.encode(), value.encode("latin-1")) for name, value in reply.headers]
    if not reply.streamed and reply.status not in (204, 304):
        headers.append((b"content-length", str(len(reply.pieces[0])).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    pieces = () if scope["method"] == "HEAD" else reply.pieces
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _body(receive: Callable[[], Awaitable[Message]]) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def aiohttp_handler(request: web.Request) -> web.StreamResponse:
    """The same replies by aiohttp."""
    if request.path == "/echo":
        return web.Response(body=await request.read())
    if request.path == "/peer":
        assert request.transport is not None
        return web.Response(body=str(request.transport.get_extra_info("peername")[1]).encode())
    reply = REPLIES[request.path]
    response: web.StreamResponse
    if reply.streamed:
        response = web.StreamResponse(status=reply.status)
    else:
        response = web.Response(status=reply.status, body=reply.pieces[0])
    for name, value in reply.headers:
        response.headers.add(name, value.encode().decode("latin-1") if name == "x-name" else value)
    if reply.streamed:
        await response.prepare(request)
        for piece in reply.pieces if request.method != "HEAD" else ():
            await response.write(piece)
        await response.write_eof()
    elif reply.headers and reply.headers[0] == ("connection", "close"):
        response.force_close()
    return response
