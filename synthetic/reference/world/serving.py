"""Listening: sockets are bound before anything is built, so that every party can be told every address."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

STARTED_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound loopback socket and its address."""

    name: str
    sock: socket.socket

    @property
    def url(self) -> str:
        """The HTTP address."""
        return f"http://127.0.0.1:{self.sock.getsockname()[1]}"

    @property
    def ws_url(self) -> str:
        """The WebSocket address."""
        return self.url.replace("http", "ws", 1)


@contextmanager
def bound(names: Sequence[str]) -> Iterator[dict[str, Listener]]:
    """A listener on a free loopback port for each name; all are closed at the end."""
    with ExitStack() as stack:
        listeners = {}
        for name in names:
            # With the protocol named, asyncio sets TCP_NODELAY; without it every answer waits 40 ms for a delayed ACK.
            sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP))
            sock.bind(("127.0.0.1", 0))
            listeners[name] = Listener(name, sock)
        yield listeners


@asynccontextmanager
async def serving(apps: Mapping[str, Starlette], listeners: Mapping[str, Listener]) -> AsyncIterator[None]:
    """Serve every app on its listener until the end of the block. uvicorn's own `serve` would take the process's signals."""
    servers = [uvicorn.Server(_config(app)) for app in apps.values()]
    tasks = [
        asyncio.create_task(server._serve(sockets=[listeners[name].sock]))
        for server, name in zip(servers, apps, strict=True)
    ]
    try:
        await asyncio.wait_for(_until_started(servers, tasks), STARTED_WITHIN_S)
        yield
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks, return_exceptions=True)


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        date_header=False,  # the apps tell the time themselves: by their own clock, which may be wrong
        lifespan="on",
        ws="websockets-sansio",
        ws_ping_interval=10.0,
        ws_ping_timeout=20.0,
        timeout_graceful_shutdown=2,
    )


async def _until_started(servers: Sequence[uvicorn.Server], tasks: Sequence[asyncio.Task[None]]) -> None:
    while not all(server.started for server in servers):
        for task in tasks:
            if task.done():
                task.result()
                raise RuntimeError("a part of the reference platform ended while it started")
        await asyncio.sleep(0.01)
