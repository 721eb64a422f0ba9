"""A small real HTTP proxy: it opens tunnels, forwards requests in the clear, and may want a username and a password."""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from synthetic.tests.drivers.servers import RawServer, read_request

HOP_BY_HOP = ("proxy-authorization", "connection", "proxy-connection")


class SmallProxy:
    """Passes everything on to 127.0.0.1, whatever name is asked for. `lines`: the first line of each request that it saw.

    `echoing`: it forbids everything, and shows the request that it got on its page and in a header.
    """

    def __init__(self, credentials: tuple[str, str] | None = None, *, echoing: bool = False) -> None:
        self._echoing = echoing
        self._wanted = "" if credentials is None else base64.b64encode(":".join(credentials).encode()).decode()
        self._server = RawServer(self._serve)
        self.lines: list[str] = []
        self.url = self._server.url
        self.authority = self._server.authority

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, traceback)

    def _serve(self, sock: socket.socket) -> None:
        while request := read_request(sock):
            head, _, body = request.partition(b"\r\n\r\n")
            line, *headers = head.decode().split("\r\n")
            self.lines.append(line)
            method, url, _ = line.split(" ")
            if self._echoing:
                sock.sendall(_echo(head, headers))
                return
            if self._wanted and f"proxy-authorization: basic {self._wanted}".lower() not in map(str.lower, headers):
                sock.sendall(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
                return
            if method == "CONNECT":
                self._tunnel(sock, int(url.rpartition(":")[2]))
                return
            kept = dict(one.split(": ", 1) for one in headers if one.partition(":")[0].lower() not in HOP_BY_HOP)
            sock.sendall(_forwarded(method, url, kept, body))

    def _tunnel(self, sock: socket.socket, port: int) -> None:
        try:
            target = socket.create_connection(("127.0.0.1", port), 10)
        except OSError:
            sock.sendall(b"HTTP/1.1 502 Nobody there\r\nContent-Length: 0\r\n\r\n")
            return
        with target:
            sock.sendall(b"HTTP/1.1 200 Go on\r\n\r\n")
            there = threading.Thread(target=_pass_on, args=(sock, target))
            there.start()
            _pass_on(target, sock)
            there.join(10)


def _echo(head: bytes, headers: list[str]) -> bytes:
    """A 403 that shows all that was sent."""
    sent = next((one.partition(": ")[2] for one in headers if one.lower().startswith("proxy-authorization:")), "")
    return f"HTTP/1.1 403 Not for you\r\nX-Sent: {sent}\r\nContent-Length: {len(head)}\r\n\r\n".encode() + head


def _forwarded(method: str, url: str, headers: dict[str, str], body: bytes) -> bytes:
    """The target's answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=10)
    try:
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    return f"HTTP/1.1 {response.status} {response.reason}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
