"""Serving ASGI apps on free loopback ports, in the loop of the test."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

LOOK_S = 0.005


class _PromptServer(uvicorn.Server):
    """Uvicorn looks every 100 ms whether it should stop; over a hundred tests that adds up."""

    async def main_loop(self) -> None:
        while not self.should_exit:  # noqa: ASYNC110 - uvicorn sets an attribute, not an event
            await asyncio.sleep(LOOK_S)


def listen(stack: AsyncExitStack) -> socket.socket:
    """A listening socket on a free port, closed with the stack."""
    return stack.enter_context(socket.create_server(("127.0.0.1", 0)))


def url_of(listener: socket.socket) -> str:
    """Its HTTP address."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@asynccontextmanager
async def serving(apps: Mapping[socket.socket, ASGIApp]) -> AsyncIterator[None]:
    """Serve each app on its socket until the end of the block."""
    servers = {listener: _PromptServer(_config(app)) for listener, app in apps.items()}
    tasks = [asyncio.create_task(server._serve([listener])) for listener, server in servers.items()]
    try:
        async with asyncio.timeout(10):
            while not all(server.started for server in servers.values()):  # noqa: ASYNC110 - as above
                await asyncio.sleep(LOOK_S)
        yield
    finally:
        for server in servers.values():
            server.should_exit = True
        await asyncio.gather(*tasks)


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Serve one app; its address."""
    async with AsyncExitStack() as stack:
        listener = listen(stack)
        await stack.enter_async_context(serving({listener: app}))
        yield url_of(listener)


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        ws="websockets-sansio",
        ws_ping_interval=10.0,
        ws_ping_timeout=20.0,
        timeout_graceful_shutdown=2,
    )
