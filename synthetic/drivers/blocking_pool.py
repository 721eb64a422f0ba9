"""A blocking HTTP pool in which one deadline covers a whole request.

httpcore's own time-outs are per read, so a server that drips a byte per second would never meet one. Here each socket operation
gets what is left of the deadline that the driver has set.
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, Protocol

import httpcore

from synthetic.drivers.attempt import ATTEMPT
from synthetic.drivers.dialling import Deadline, dial
from synthetic.drivers.guard import Limits
from synthetic.drivers.intake import INTAKE, READ_BYTES_MAX
from synthetic.drivers.places import Target
from synthetic.drivers.proxies import Proxy, Ways
from synthetic.drivers.translate import ProxyFailed
from synthetic.drivers.tunnels import dial_proxy, dial_through

# One thread or greenlet performs one effect at a time, and httpcore hands no state of a request down to its sockets.
DEADLINE: ContextVar[Deadline] = ContextVar("deadline")


Dial = Callable[[str, int, Deadline], socket.socket]
"""Makes a TCP connection to a host and a port."""


class Requesting(Protocol):
    """What has a request answered."""

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Carry a request. Raises as httpcore does."""

    def close(self) -> None:
        """Close what is open."""


def blocking_pool(tls: ssl.SSLContext, limits: Limits, proxy: Proxy | None = None) -> Requesting:
    """A pool whose connections obey `DEADLINE`. `proxy`: everything goes through it."""
    return _pool(tls, limits, dial) if proxy is None else _Proxied(tls, limits, proxy)


def _pool(
    tls: ssl.SSLContext | None, limits: Limits, dial: Dial, proxy: httpcore.Proxy | None = None
) -> httpcore.ConnectionPool:
    return httpcore.ConnectionPool(
        ssl_context=tls,
        max_connections=limits.connections_max,
        keepalive_expiry=limits.keepalive_s,
        proxy=proxy,
        network_backend=_DeadlineBackend(dial),
    )


class _Proxied:
    """As `proxies.Ways` says it; the blocking face of `asyncio_proxied`."""

    def __init__(self, tls: ssl.SSLContext, limits: Limits, proxy: Proxy) -> None:
        def through(host: str, port: int, deadline: Deadline) -> socket.socket:
            return dial_through(proxy, Target("https", host, port), deadline, ATTEMPT.get())

        def to_proxy(_host: str, _port: int, deadline: Deadline) -> socket.socket:
            return dial_proxy(proxy, deadline, ATTEMPT.get())

        self._ways = Ways(proxy, _pool(tls, limits, through), _pool(None, limits, to_proxy, proxy.for_httpcore()))

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        response = self._ways.way(request).handle_request(request)
        try:
            self._ways.refuse(request, response.status)
        except ProxyFailed:
            response.close()
            raise
        return response

    def close(self) -> None:
        self._ways.tunnelling.close()
        self._ways.asking.close()


class _DeadlineBackend(httpcore.NetworkBackend):
    def __init__(self, dial: Dial) -> None:
        self._dial = dial

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline covers it
        local_address: str | None = None,  # noqa: ARG002 - never set by our pool
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - never set by our pool
    ) -> httpcore.NetworkStream:
        return _DeadlineStream(self._dial(host, port, DEADLINE.get()))


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline covers it
        self._sock.settimeout(DEADLINE.get().remaining_s())
        data = self._sock.recv(min(max_bytes, READ_BYTES_MAX))
        INTAKE.get().take(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the deadline covers it
        try:
            while buffer:
                self._sock.settimeout(DEADLINE.get().remaining_s())
                buffer = buffer[self._sock.send(buffer) :]
        except TimeoutError:
            raise
        except OSError as error:
            raise httpcore.WriteError(error) from error  # httpcore then reads the answer that a server gave early

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the deadline covers it
    ) -> httpcore.NetworkStream:
        try:
            self._sock.settimeout(DEADLINE.get().remaining_s())
            return _DeadlineStream(ssl_context.wrap_socket(self._sock, server_hostname=server_hostname))
        except BaseException:
            self.close()
            raise

    def get_extra_info(self, info: str) -> Any:
        match info:
            case "ssl_object":
                return self._sock if isinstance(self._sock, ssl.SSLSocket) else None
            case "is_readable":
                return is_readable(self._sock)
            case _:
                return None


def is_readable(sock: socket.socket) -> bool:
    """An idle connection with something to read is one that the server has closed; httpcore then takes another."""
    if sock.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
