"""An asynchronous HTTP pool on asyncio's own streams.

httpcore's default goes through anyio, which hides why a name or a certificate failed and costs more CPU per request.
"""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

import httpcore

from synthetic.core.errors import HarnessError
from synthetic.drivers.asyncio_dialling import addresses_of, first_connected
from synthetic.drivers.blocking_pool import is_readable
from synthetic.drivers.guard import Limits
from synthetic.drivers.intake import INTAKE, READ_BYTES_MAX

Dial = Callable[[str, int], Awaitable[socket.socket]]
"""Makes a non-blocking TCP connection to a host and a port."""


class Carrier(Protocol):
    """What carries one request and brings its answer: a pool of connections, or a model of a network."""

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Carry a request. Raises as httpcore does."""

    async def aclose(self) -> None:
        """Close what is open."""


def asyncio_pool(
    tls: ssl.SSLContext | None,
    limits: Limits,
    *,
    http2: bool = False,
    dial: Dial | None = None,
    proxy: httpcore.Proxy | None = None,
) -> httpcore.AsyncConnectionPool:
    """A pool without time-outs of its own: the driver puts one deadline around each request.

    `http2`: speak HTTP/2 where a TLS server takes it. `dial`: connects in place of `dialled`. `proxy`: is asked for everything, by
    whole URLs, and has no `tls`: httpcore would write into it. Raises HarnessError where what speaks HTTP/2 is not installed.
    """
    if http2 and importlib.util.find_spec("h2") is None:
        raise HarnessError('HTTP/2 is not installed; add its extra: pip install "igaming-synthetic[http2]"')
    return httpcore.AsyncConnectionPool(
        ssl_context=tls,
        max_connections=limits.connections_max,
        keepalive_expiry=limits.keepalive_s,
        http2=http2,
        proxy=proxy,
        network_backend=_AsyncioBackend(dial or dialled),
    )


async def dialled(host: str, port: int) -> socket.socket:
    """A non-blocking TCP connection to the first address that takes one. Raises OSError."""
    return await first_connected(host, await addresses_of(host, port), socket.socket)


class _AsyncioBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, dial: Dial) -> None:
        self._dial = dial

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the driver's deadline covers it
        local_address: str | None = None,  # noqa: ARG002 - never set by our pool
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - never set by our pool
    ) -> httpcore.AsyncNetworkStream:
        return _AsyncioStream(*await asyncio.open_connection(sock=await self._dial(host, port)))


class _AsyncioStream(httpcore.AsyncNetworkStream):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        data = await self._reader.read(min(max_bytes, READ_BYTES_MAX))
        INTAKE.get().take(len(data))
        await asyncio.sleep(0)  # what lies in the buffer comes without a pause, and a flood would let no deadline pass
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        try:
            self._writer.write(buffer)
            await self._writer.drain()
        except OSError as error:
            raise httpcore.WriteError(error) from error  # httpcore then reads the answer that a server gave early

    async def aclose(self) -> None:
        self._writer.transport.abort()
        await asyncio.sleep(0)  # the loop closes the socket in its next turn

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the driver's deadline covers it
    ) -> httpcore.AsyncNetworkStream:
        try:
            await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except BaseException:
            await self.aclose()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        match info:
            case "ssl_object":
                return self._writer.get_extra_info("ssl_object")
            case "is_readable":
                transport = self._writer.transport
                return (
                    transport.is_closing() or self._reader.at_eof() or is_readable(transport.get_extra_info("socket"))
                )
            case _:
                return None
