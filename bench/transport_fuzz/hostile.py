"""A server that says exactly these bytes, in exactly these pieces, on the loop of the client that it is hostile to.

One loop for both: a piece lies in the client's socket before the next one is sent, so a split is where a test put it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Self

REQUEST_BYTES_MAX = 64 << 20


class Gone(Exception):  # noqa: N818 - no error: the client has closed, as it may
    """The client has closed the connection."""


class Peer:
    """One accepted connection, as a behaviour drives it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sent_bytes = 0
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()

    async def secure(self, context: ssl.SSLContext, *, piece_bytes: int = 1 << 20) -> None:
        """Shake hands as a TLS server, in pieces of this size. Raises ssl.SSLError and Gone."""
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush(piece_bytes)
                self._incoming.write(await self._receive())
            except ssl.SSLError:
                await self._flush(piece_bytes)  # the alert that says why
                raise
            else:
                await self._flush(piece_bytes)
                return

    async def request(self) -> bytes:
        """The next request, head and body. Raises Gone where the client has closed."""
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += await self._read()
        size = self._buffer.index(b"\r\n\r\n") + 4
        head = bytes(self._buffer[:size])
        lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if lengths:
            size += int(lengths[0])
            while len(self._buffer) < size:
                self._buffer += await self._read()
        elif b"transfer-encoding: chunked" in head.lower():
            while b"0\r\n\r\n" not in self._buffer[size:]:
                self._buffer += await self._read()
            size = self._buffer.index(b"0\r\n\r\n", size) + 5
        whole, self._buffer = bytes(self._buffer[:size]), self._buffer[size:]
        return whole

    async def say(self, *pieces: bytes, piece_bytes: int = 1 << 20) -> None:
        """Send these, each for itself; of TLS, its records in pieces of this size. Raises Gone."""
        for piece in pieces:
            if self._tls is not None:
                self._tls.write(piece)
                await self._flush(piece_bytes)
            elif piece:
                await self.raw(piece)

    async def raw(self, piece: bytes) -> None:
        """Send this below TLS. Raises Gone."""
        try:
            await self._loop.sock_sendall(self._sock, piece)
        except OSError:
            raise Gone from None
        self.sent_bytes += len(piece)
        await asyncio.sleep(0)  # the client's socket becomes readable in this turn of the loop,
        await asyncio.sleep(0)  # and is read before this comes back

    async def drip(self, data: bytes, *, every_s: float) -> None:
        """Send a byte at a time. Raises Gone."""
        for offset in range(len(data)):
            await self.say(data[offset : offset + 1])
            await asyncio.sleep(every_s)

    async def silence(self) -> None:
        """Say nothing more until the client has gone."""
        with contextlib.suppress(Gone):
            while True:
                await self._receive()

    async def say_goodbye(self) -> None:
        """Say in TLS that nothing more comes (close_notify), as a server does that closes in good order."""
        assert self._tls is not None
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        await self._flush(1 << 20)

    def end_sending(self) -> None:
        """Say that nothing more comes, but go on reading."""
        self._sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """End the connection with an RST."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    async def _read(self) -> bytes:
        if self._tls is None:
            return await self._receive()
        while True:
            try:
                data = self._tls.read(1 << 16)
            except ssl.SSLWantReadError:
                self._incoming.write(await self._receive())
            else:
                if not data:
                    raise Gone
                return data

    async def _receive(self) -> bytes:
        try:
            data = await self._loop.sock_recv(self._sock, 1 << 16)
        except OSError:
            raise Gone from None
        if not data:
            raise Gone
        return data

    async def _flush(self, piece_bytes: int) -> None:
        data = self._outgoing.read()
        for offset in range(0, len(data), piece_bytes):
            await self.raw(data[offset : offset + piece_bytes])


Behaviour = Callable[[Peer], Awaitable[None]]


class HostileServer:
    """Accepts connections on a loopback port and lets a behaviour drive each; the connection ends with it."""

    def __init__(self, behaviour: Behaviour, *, secure: bool = False) -> None:
        self.behaviour = behaviour
        self.accepted = 0
        self.peers: list[Peer] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._listener.setblocking(False)  # noqa: FBT003 - the name is the argument's meaning
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http{'s' if secure else ''}://127.0.0.1:{self.port}/"
        self._tasks: set[asyncio.Task[None]] = set()
        self.surprises: list[BaseException] = []
        """What a behaviour raised that it should not have: a mistake of the test."""

    async def __aenter__(self) -> Self:
        self._keep(asyncio.create_task(self._accept()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listener.close()

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            sock, _ = await loop.sock_accept(self._listener)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.accepted += 1
            self._keep(asyncio.create_task(self._serve(sock)))

    async def _serve(self, sock: socket.socket) -> None:
        with sock:
            peer = Peer(sock)
            self.peers.append(peer)
            try:
                await self.behaviour(peer)
            except (Gone, ssl.SSLError, OSError):
                pass  # the client's good right
            except Exception as error:  # noqa: BLE001 - told to the test, which would else wait for an answer that never comes
                self.surprises.append(error)


def in_pieces(data: bytes, cuts: tuple[int, ...]) -> tuple[bytes, ...]:
    """The bytes, cut at these offsets."""
    edges = (0, *sorted({cut for cut in cuts if 0 < cut < len(data)}), len(data))
    return tuple(data[start:end] for start, end in itertools.pairwise(edges))


def answering(*answers: bytes) -> Behaviour:
    """Answers each request of a connection with the next of these, and then ends it."""

    async def behave(peer: Peer) -> None:
        for answer in answers:
            await peer.request()
            await peer.say(answer)

    return behave


@contextlib.asynccontextmanager
async def hostile(behaviour: Behaviour) -> AsyncIterator[HostileServer]:
    """A hostile server for one block; a mistake in its behaviour is raised at its end."""
    async with HostileServer(behaviour) as server:
        yield server
    if server.surprises:
        raise server.surprises[0]
