"""Targets that behave as badly as a test wants: each is a function over a real loopback socket."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve
from websockets.utils import accept_key

from synthetic.drivers.tls_turns import taking_turns

Behaviour = Callable[[socket.socket], None]


class RawServer:
    """Accepts connections and hands each to a behaviour in a thread of its own."""

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self._behaviour = behaviour
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._open: list[socket.socket] = []
        self.accepted = 0
        self.ended = 0
        self.port: int = self._listener.getsockname()[1]
        self.authority = f"127.0.0.1:{self.port}"
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://{self.authority}/"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for sock in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            thread = threading.Thread(target=self._serve, args=(sock,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.append(sock)
            with sock if self._tls is None else self._tls.wrap_socket(sock, server_side=True) as spoken:
                self._open.append(spoken)
                self._behaviour(spoken)
        self.ended += 1


class PatientServer(RawServer):
    """One that says no in the handshake, and reads on until the client hangs up: what it says is not lost by a reset."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(hang, tls)

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            self._open.append(sock)
            assert self._tls is not None
            received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
            spoken, failed = self._tls.wrap_bio(received, sent, server_side=True), False
            while data := sock.recv(65536):
                received.write(data)
                if not failed:
                    failed = not _shaken(spoken)
                    sock.sendall(sent.read())


def _shaken(spoken: ssl.SSLObject) -> bool:
    """Whether a handshake is going on, or over; False where it has failed."""
    try:
        spoken.do_handshake()
    except ssl.SSLWantReadError:
        return True
    except ssl.SSLError:
        return False
    return True


def read_request(sock: socket.socket) -> bytes:
    """One request, head and body; empty where the client has closed."""
    data = bytearray()
    while b"\r\n\r\n" not in data:
        chunk = sock.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]) and (chunk := sock.recv(1 << 20)):
        body += chunk
    return bytes(head + b"\r\n\r\n" + body)


def answer(body: bytes = b"", status: str = "200 OK", headers: str = "") -> bytes:
    """An answer as it travels."""
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def answering(*answers: bytes) -> Behaviour:
    """Answers each request with the next of these, the last one for ever."""

    def behave(sock: socket.socket) -> None:
        index = 0
        while read_request(sock):
            sock.sendall(answers[min(index, len(answers) - 1)])
            index += 1

    return behave


def hang(sock: socket.socket) -> None:
    """Read everything, say nothing."""
    while sock.recv(65536):
        pass


def reset(sock: socket.socket) -> None:
    """Drop the connection with an RST after the request came."""
    read_request(sock)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def close_early(sock: socket.socket) -> None:
    """Close without a word after the request came."""
    read_request(sock)


def stop_short(sock: socket.socket) -> None:
    """Promise ten bytes, send three."""
    read_request(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")


def garbage(sock: socket.socket) -> None:
    """Answer with what is not HTTP."""
    read_request(sock)
    sock.sendall(b"\x00\x01\x02 what?\r\n\r\n" * 10)


def drip_body(sock: socket.socket) -> None:
    """Send the body a byte at a time, for ever."""
    read_request(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        sock.sendall(b"x")
        time.sleep(0.05)


def drip_head(sock: socket.socket) -> None:
    """Send the head a byte at a time, for ever."""
    read_request(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    while True:
        sock.sendall(b"x")
        time.sleep(0.05)


def ten_megabytes(sock: socket.socket) -> None:
    """Send more than anyone takes, without saying how much it will be."""
    read_request(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(160):
        sock.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def upgrading(*frames: bytes) -> Behaviour:
    """Accept a WebSocket, send these raw frames, and never say or close anything again."""

    def behave(sock: socket.socket) -> None:
        lines = read_request(sock).decode().split("\r\n")
        (key,) = [line.split(": ")[1] for line in lines if line.lower().startswith("sec-websocket-key")]
        upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        sock.sendall(f"HTTP/1.1 101 Switching Protocols\r\n{upgrade}{accept_key(key)}\r\n\r\n".encode())
        for frame in frames:
            sock.sendall(frame)
        hang(sock)

    return behave


class _TurnTaking(ServerConnection):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(taking_turns(sock), *args, **kwargs)


class WebSocketServer:
    """A `websockets` server whose handler a test writes."""

    def __init__(
        self,
        handler: Callable[[ServerConnection], None],
        *,
        tls: ssl.SSLContext | None = None,
        process_request: Callable[[ServerConnection, Request], Response | None] | None = None,
        **options: Any,
    ) -> None:
        self._server: Server = serve(
            handler,
            "127.0.0.1",
            0,
            ssl=tls,
            process_request=process_request,
            create_connection=_TurnTaking,
            compression=None,
            **options,
        )
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.port: int = self._server.socket.getsockname()[1]
        self.authority = f"127.0.0.1:{self.port}"
        self.url = f"{'wss' if tls else 'ws'}://{self.authority}/game"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()


def echo(connection: ServerConnection) -> None:
    """Send each frame back."""
    for frame in connection:
        connection.send(frame)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port
