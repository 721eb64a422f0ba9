"""A platform on a loopback port that answers as it should, except where a test makes it hostile."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Mapping
from typing import Any, Self

from websockets.utils import accept_key

from synthetic.tests.drivers.servers import Behaviour, RawServer, answer, read_request

PASSWORD = "correct-horse-battery"
TOKEN = "token-0123456789"
_JSON = "Content-Type: application/json\r\n"


def json_answer(**body: Any) -> bytes:
    """A good answer."""
    return answer(json.dumps(body).encode(), headers=_JSON)


def typed(body: bytes, content_type: str = "application/json", *, status: str = "200 OK", more: str = "") -> bytes:
    """Any body with any type."""
    return answer(body, status, f"Content-Type: {content_type}\r\n{more}")


HEALTHY = {
    "POST /login": json_answer(token=TOKEN),
    "GET /balance": json_answer(cash=1000),
    "POST /deposits": json_answer(id="d1", state="succeeded"),
    "GET /deposits/": json_answer(id="d1", state="succeeded"),
    "POST /hopping": json_answer(id="h1"),
    "GET /find": typed(b"[1]"),
    "POST /refunds": json_answer(),
    "GET /report": json_answer(entries=[]),
}


class HostilePlatform:
    """Answers `HEALTHY`, but what `spoilt` says for `METHOD /path` (a prefix); a WebSocket at /table speaks `frames`.

    A behaviour finds the request already read, and the connection ends with it.
    """

    def __init__(self, spoilt: Mapping[str, Behaviour | bytes] | None = None, frames: Behaviour | None = None) -> None:
        self._routes: dict[str, Behaviour | bytes] = {**HEALTHY, **(spoilt or {})}
        self._frames = frames
        self._server = RawServer(self._serve)
        self.requests: list[str] = []
        self.largest_request = 0
        self.authority = self._server.authority

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *ended: Any) -> None:
        self._server.__exit__(*ended)

    def asked(self, route: str) -> int:
        """How many requests began so."""
        return sum(line.startswith(route) for line in self.requests)

    def _serve(self, sock: socket.socket) -> None:
        while request := read_request(sock):
            line = request.partition(b"\r\n")[0].decode()
            self.requests.append(line)
            self.largest_request = max(self.largest_request, len(request))
            if line.startswith("GET /table") and self._frames is not None:
                upgrade(sock, request)
                self._frames(sock)
                return
            route = max((known for known in self._routes if line.startswith(known)), key=len)
            answering = self._routes[route]
            if not isinstance(answering, bytes):
                answering(sock)
                return
            sock.sendall(answering)


def upgrade(sock: socket.socket, request: bytes) -> None:
    """Accept a WebSocket."""
    lines = request.decode().split("\r\n")
    (key,) = [line.split(": ")[1] for line in lines if line.lower().startswith("sec-websocket-key")]
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
    sock.sendall(f"HTTP/1.1 101 Switching Protocols\r\n{upgrade}{accept_key(key)}\r\n\r\n".encode())


def for_ever(chunk: bytes, *, first: bytes = b"", every_s: float = 0.0) -> Behaviour:
    """Send `first`, then the chunk again and again, until the client has gone."""

    def behave(sock: socket.socket) -> None:
        gone = threading.Event()
        sock.sendall(first)
        while True:
            sock.sendall(chunk)
            if every_s:
                gone.wait(every_s)

    return behave


def saying(data: bytes, *, then: Behaviour | None = None) -> Behaviour:
    """Send these bytes, then end the connection, or go on with `then`."""

    def behave(sock: socket.socket) -> None:
        sock.sendall(data)
        if then is not None:
            then(sock)

    return behave


def silence(sock: socket.socket) -> None:
    """Say nothing more, and keep the connection until the client closes it."""
    while sock.recv(65536):
        pass


def reset(sock: socket.socket) -> None:
    """End the connection with an RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
