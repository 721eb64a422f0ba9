"""HTTP through a proxy under asyncio, as `proxies.Ways` says it."""

from __future__ import annotations

import socket
import ssl

import httpcore

from synthetic.drivers.asyncio_pool import asyncio_pool, dialled
from synthetic.drivers.attempt import ATTEMPT
from synthetic.drivers.guard import Limits
from synthetic.drivers.places import Target
from synthetic.drivers.proxies import Proxy, Ways
from synthetic.drivers.translate import ProxyFailed
from synthetic.drivers.tunnels import open_tunnel, reaching_proxy


class Proxied:
    """`asyncio_pool.Carrier` through a proxy. httpcore's own tunnels would tell a proxy's failures as the target's."""

    def __init__(self, tls: ssl.SSLContext, limits: Limits, proxy: Proxy, *, http2: bool) -> None:
        self._proxy = proxy
        self._ways = Ways(
            proxy,
            asyncio_pool(tls, limits, http2=http2, dial=self._dial_through),
            asyncio_pool(None, limits, dial=self._dial_proxy, proxy=proxy.for_httpcore()),
        )

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Carry a request. Raises as httpcore does, ProxyFailed, TargetBehindProxy."""
        response = await self._ways.way(request).handle_async_request(request)
        try:
            self._ways.refuse(request, response.status)
        except ProxyFailed:
            await response.aclose()
            raise
        return response

    async def aclose(self) -> None:
        """Close both pools."""
        await self._ways.tunnelling.aclose()
        await self._ways.asking.aclose()

    async def _dial_through(self, host: str, port: int) -> socket.socket:
        sock = await self._dial_proxy(host, port)
        await open_tunnel(sock, self._proxy, Target("https", host, port), ATTEMPT.get())
        return sock

    async def _dial_proxy(self, _host: str, _port: int) -> socket.socket:
        with reaching_proxy(self._proxy, ATTEMPT.get()):
            return await dialled(self._proxy.target.host, self._proxy.target.port)
