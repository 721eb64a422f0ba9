"""Serving an app on the worker's own event loop, from a bound socket to a clean end."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from synthetic.core.errors import HarnessError

STARTED_WITHIN_S = 10.0
GRACE_S = 2
CONNECTIONS_MAX = 64


@dataclass(frozen=True, slots=True)
class MutualTls:
    """Files (PEM): our certificate and its key, and the authority that has to have signed those of whoever calls."""

    certificate: str
    key: str
    client_ca: str


@asynccontextmanager
async def serving(
    app: Starlette,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    tls: MutualTls | None = None,
    connections_max: int = CONNECTIONS_MAX,
) -> AsyncIterator[str]:
    """Serve until the end of the block; answers the address. Port 0 is any free one.

    On the worker's loop on purpose: a loop that is stuck answers nothing, and whoever watches it restarts it. Signals stay the
    worker's. Raises HarnessError where the address can't be bound, or the files of `tls` can't be used.
    """
    app.state.closing = closing = asyncio.Event()
    with _bound(host, port) as sock:
        server = uvicorn.Server(_config(app, tls, connections_max))
        # uvicorn's public `serve` would take the process's signals, and then raise them again at the end.
        task = asyncio.create_task(server._serve(sockets=[sock]), name="synthetic-web")
        try:
            await asyncio.wait_for(_started(server, task), STARTED_WITHIN_S)
            yield _address(sock, "http" if tls is None else "https")
        finally:
            closing.set()
            server.should_exit = True
            with suppress(asyncio.CancelledError):
                await task


def closing_of(app: Starlette) -> asyncio.Event:
    """Set when the app is about to be gone: what would answer for ever ends then, and nobody has to cut it off."""
    closing = getattr(app.state, "closing", None)
    return closing if isinstance(closing, asyncio.Event) else asyncio.Event()


def _bound(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        family, kind, proto, _, address = found[0]
        sock = socket.socket(family, kind, proto)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
        except OSError:
            sock.close()
            raise
    except OSError as error:
        raise HarnessError(f"can't listen on {host}:{port}: {error.strerror or error}") from error
    return sock


def _address(sock: socket.socket, scheme: str) -> str:
    host, port = sock.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _config(app: Starlette, tls: MutualTls | None, connections_max: int) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        limit_concurrency=connections_max,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
        ssl_ca_certs=tls.client_ca if tls else None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if tls else ssl.CERT_NONE,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise HarnessError(f"the files of mutual TLS can't be used: {error.strerror or error}") from error
    return config


async def _started(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    while not server.started:
        if task.done():
            task.result()
            raise HarnessError("the web server ended while it started")
        await asyncio.sleep(0.01)
