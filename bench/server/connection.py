"""One connection of the server: the kernel says when a request came, and its answer says how long it was kept.

A request's stamp is the kernel's (SO_TIMESTAMPNS), so time that the server's own loop needed counts as delay and not as an error of
the client. The answer's stamp is read immediately before its send; how long that send took bounds what is left (`Gauge`).
Linux only.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, cycle

import httptools

from bench.server.answers import Bank, Head

SO_TIMESTAMPNS = 35
_STAMP = struct.Struct("@qq")
_ANCILLARY = socket.CMSG_SPACE(_STAMP.size)
_READ_BYTES = 1 << 16
_SENDS_KEPT = 20_000
_DOUBTFUL_KEPT = 20_000
DOUBTFUL_NS = 250_000
"""A send that took longer was interrupted: nobody knows when its answer left."""
Request = tuple[str, str, dict[str, str], bytes, int]
"""Method, target, headers, body, and when it came."""


@dataclass(slots=True)
class Gauge:
    """How exact the server is: for each of its last answers how long the send took, in nanoseconds; `doubtful`: the slow ones."""

    answered: int = 0
    sends_ns: deque[int] = field(default_factory=lambda: deque(maxlen=_SENDS_KEPT))
    doubtful: deque[int] = field(default_factory=lambda: deque(maxlen=_DOUBTFUL_KEPT))
    numbers: Iterator[int] = field(default_factory=count)

    def sent(self, number: int, took_ns: int) -> None:
        """An answer has left; how long its send took."""
        self.answered += 1
        self.sends_ns.append(took_ns)
        if took_ns > DOUBTFUL_NS:
            self.doubtful.append(number)


@dataclass(slots=True)
class Shared:
    """What all connections share. `delays_ns` take turns over all requests, whoever sends them."""

    bank: Bank
    delays_ns: Iterator[int]
    gauge: Gauge = field(default_factory=Gauge)
    head: Head = field(default_factory=Head)

    @classmethod
    def of(cls, players: int, delays_ms: list[float]) -> Shared:
        """With so many players, and delays in milliseconds."""
        return cls(Bank(players), cycle([int(delay * 1e6) for delay in delays_ms]))


def stamp_arrivals(listener: socket.socket) -> None:
    """Have the kernel stamp what comes; the sockets of a listener inherit it, so that their first bytes have a stamp, too."""
    listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)


class Connection:
    """Reads requests off one socket and answers them in their order."""

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop, shared: Shared) -> None:
        self._sock, self._loop, self._shared = sock, loop, shared
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Request] = deque()
        self._busy = False
        self._unsent = b""
        self._came_ns = 0
        self._begin()
        loop.add_reader(sock.fileno(), self._readable)

    def _begin(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body = b""

    def close(self) -> None:
        """Forget the connection."""
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._loop.remove_writer(self._sock.fileno())
            self._sock.close()

    def _readable(self) -> None:
        try:
            data, ancillary, _, _ = self._sock.recvmsg(_READ_BYTES, _ANCILLARY)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self._came_ns = _stamped_ns(ancillary)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def on_url(self, url: bytes) -> None:
        """The parser's."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser's."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """The parser's."""
        self._body += body

    def on_message_complete(self) -> None:
        """The parser's: a request is there, and is answered when those before it are."""
        method = self._parser.get_method().decode()
        self._waiting.append((method, self._target.decode("latin-1"), self._headers, self._body, self._came_ns))
        self._begin()
        if not self._busy:
            self._next()

    def _next(self) -> None:
        if not self._waiting:
            return
        self._busy = True
        request = self._waiting.popleft()
        method, target, headers, body, came_ns = request
        if target == "/bench/stats":
            self._send(200, _told(self._shared.gauge), came_ns, counted=False)
            return
        status, answer = self._shared.bank.answer(method, target, headers, body)
        kept_s = (next(self._shared.delays_ns) - (time.time_ns() - came_ns)) / 1e9
        if kept_s > 0:
            self._loop.call_later(kept_s, self._send, status, answer, came_ns)
        else:
            self._send(status, answer, came_ns)

    def _send(self, status: int, body: bytes, came_ns: int, counted: bool = True) -> None:  # noqa: FBT001, FBT002 - call_later takes no names
        gauge = self._shared.gauge
        number, now_ns = next(gauge.numbers), time.time_ns()
        data = self._shared.head.bytes_of(status, len(body), (now_ns - came_ns, number), now_ns) + body
        try:
            sent = self._sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close()
            return
        if counted:
            gauge.sent(number, time.time_ns() - now_ns)
        if sent < len(data):
            self._unsent = data[sent:]
            self._loop.add_writer(self._sock.fileno(), self._writable)
        else:
            self._over()

    def _writable(self) -> None:
        try:
            self._unsent = self._unsent[self._sock.send(self._unsent) :]
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if not self._unsent:
            self._loop.remove_writer(self._sock.fileno())
            self._over()

    def _over(self) -> None:
        self._busy = False
        self._next()


def _stamped_ns(ancillary: list[tuple[int, int, bytes]]) -> int:
    """When the kernel had the bytes; now, where it says nothing (those that came before it was asked to)."""
    for level, kind, stamp in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = _STAMP.unpack(stamp)
            return seconds * 1_000_000_000 + nanoseconds
    return time.time_ns()


def _told(gauge: Gauge) -> bytes:
    sends = ",".join(f"{ns / 1e3:.1f}" for ns in sorted(gauge.sends_ns))
    doubtful = ",".join(map(str, gauge.doubtful))
    told = f'"answered":{gauge.answered},"cpu_s":{time.process_time():.4f},"sends_us":[{sends}],"doubtful":[{doubtful}]'
    return f"{{{told}}}".encode()
