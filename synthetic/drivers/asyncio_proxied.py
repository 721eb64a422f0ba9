"""HTTP through a proxy under asyncio: in a tunnel where the target speaks TLS, else by asking the proxy for whole URLs."""

from __future__ import annotations

import socket
import ssl

import httpcore

from synthetic.drivers.asyncio_pool import asyncio_pool, dialled
from synthetic.drivers.guard import Limits
from synthetic.drivers.places import Target
from synthetic.drivers.proxies import Proxy
from synthetic.drivers.translate import ProxyFailed
from synthetic.drivers.tunnels import open_tunnel


class Proxied:
    """`asyncio_pool.Carrier` through a proxy. httpcore's own tunnels would tell a proxy's failures as the target's."""

    def __init__(self, tls: ssl.SSLContext, limits: Limits, proxy: Proxy, *, http2: bool) -> None:
        self._proxy = proxy
        self._tunnelling = asyncio_pool(tls, limits, http2=http2, dial=self._dial_through)
        self._asking = asyncio_pool(tls, limits, dial=self._dial_proxy, proxy=proxy.for_httpcore())

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Carry a request. Raises as httpcore does, ProxyFailed, TargetBehindProxy."""
        if request.url.scheme == b"https":
            return await self._tunnelling.handle_async_request(request)
        response = await self._asking.handle_async_request(request)
        try:
            self._proxy.refuse_answer(response.status)
        except ProxyFailed:
            await response.aclose()
            raise
        return response

    async def aclose(self) -> None:
        """Close both pools."""
        await self._tunnelling.aclose()
        await self._asking.aclose()

    async def _dial_through(self, host: str, port: int) -> socket.socket:
        sock = await self._dial_proxy(host, port)
        await open_tunnel(sock, self._proxy, Target("https", host, port))
        return sock

    async def _dial_proxy(self, _host: str, _port: int) -> socket.socket:
        try:
            return await dialled(self._proxy.target.host, self._proxy.target.port)
        except (OSError, UnicodeError) as error:
            raise self._proxy.unreached(error) from error
