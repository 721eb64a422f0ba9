"""The real servers that the transports are held against: uvicorn, hypercorn and aiohttp on one thread, nginx as a process.

nginx stands in front of uvicorn, as it does in front of platforms, and answers some paths itself.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import hypercorn.asyncio
import hypercorn.config
import pytest
import uvicorn
from aiohttp import web

from synthetic.tests.drivers.transport.replies import TEXT, aiohttp_handler, application

UP_WITHIN_S = 60.0
# An ordinary user's PATH often lacks the second of these.
NGINX_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files of a server's certificate and its key."""

    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Served:
    """Where one server listens: in the clear, and with TLS."""

    url: str
    tls_url: str


@dataclass(frozen=True, slots=True)
class _Door:
    sock: socket.socket
    tls_sock: socket.socket

    @classmethod
    def open(cls) -> _Door:
        return cls(socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0)))

    @property
    def served(self) -> Served:
        return Served(
            f"http://127.0.0.1:{self.sock.getsockname()[1]}", f"https://127.0.0.1:{self.tls_sock.getsockname()[1]}"
        )


@contextmanager
def python_servers(certificate: Certificate) -> Iterator[dict[str, Served]]:
    """uvicorn, hypercorn and aiohttp, by name, on a loop in a thread of its own."""
    doors = {name: _Door.open() for name in ("uvicorn", "hypercorn", "aiohttp")}
    served = {name: door.served for name, door in doors.items()}
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    ready = threading.Event()

    async def serve() -> None:
        runner = web.AppRunner(_aiohttp_application(), access_log=None)
        await runner.setup()
        await web.SockSite(runner, doors["aiohttp"].sock).start()
        await web.SockSite(runner, doors["aiohttp"].tls_sock, ssl_context=_context(certificate)).start()
        ready.set()
        await asyncio.gather(
            *_uvicorns(doors["uvicorn"], certificate, stop), *_hypercorns(doors["hypercorn"], certificate, stop)
        )
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="python servers")
    thread.start()
    try:
        assert ready.wait(UP_WITHIN_S)
        yield served
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(UP_WITHIN_S)
        loop.close()
        for door in doors.values():
            door.sock.close()
            door.tls_sock.close()


def _context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert, certificate.key)
    return context


def _aiohttp_application() -> web.Application:
    app = web.Application(client_max_size=8 << 20)
    app.router.add_route("*", "/{path:.*}", aiohttp_handler)
    return app


def _uvicorns(door: _Door, certificate: Certificate, stop: asyncio.Event) -> Iterator[asyncio.Future[None]]:
    async def serve(sock: socket.socket, tls: dict[str, str]) -> None:
        config = uvicorn.Config(application, lifespan="off", log_config=None, access_log=False, ws="none", **tls)  # type: ignore[arg-type]
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[sock]))
        await stop.wait()
        server.should_exit = server.force_exit = True
        await serving

    files = {"ssl_certfile": str(certificate.cert), "ssl_keyfile": str(certificate.key)}
    yield asyncio.ensure_future(serve(door.sock, {}))
    yield asyncio.ensure_future(serve(door.tls_sock, files))


def _hypercorns(door: _Door, certificate: Certificate, stop: asyncio.Event) -> Iterator[asyncio.Future[None]]:
    for sock, secure in ((door.sock, False), (door.tls_sock, True)):
        config = hypercorn.config.Config()
        config.bind = [f"fd://{sock.dup().detach()}"]
        config.loglevel = "CRITICAL"
        config.graceful_timeout = 0.1
        if secure:
            config.certfile, config.keyfile = str(certificate.cert), str(certificate.key)
        serving = hypercorn.asyncio.serve(application, config, shutdown_trigger=stop.wait)  # type: ignore[arg-type]
        yield asyncio.ensure_future(serving)


def nginx_binary() -> str:
    """The path of nginx; without it the test is skipped, but never in CI."""
    found = shutil.which("nginx", path=NGINX_PATH)
    if found is None and os.environ.get("CI"):
        pytest.fail("nginx is not installed, and in CI it has to be: make nginx")
    if found is None:
        pytest.skip("nginx is not installed: make nginx (as root, from Debian)")
    return found


@contextmanager
def nginx(folder: Path, behind: Served, certificate: Certificate) -> Iterator[Served]:
    """nginx in front of another server. Its files are in the folder."""
    with _reserved_port() as port, _reserved_port() as tls_port:
        served = Served(f"http://127.0.0.1:{port}", f"https://127.0.0.1:{tls_port}")
        (folder / "text.txt").write_bytes(TEXT)
        (folder / "nginx.conf").write_text(_configuration(folder, served, behind, certificate), encoding="utf-8")
        command = [nginx_binary(), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
        with (folder / "nginx.log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
            try:
                _wait_until_it_takes_connections(port, process, folder / "nginx.log")
                yield served
            finally:
                process.terminate()
                process.wait(UP_WITHIN_S)


@contextmanager
def _reserved_port() -> Iterator[int]:
    """A port that nobody else is given, while nginx listens on it beside this socket (SO_REUSEPORT)."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


def _wait_until_it_takes_connections(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + UP_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()  # noqa: PT018 - one cause
            threading.Event().wait(0.02)
        else:
            return


def _configuration(folder: Path, served: Served, behind: Served, certificate: Certificate) -> str:
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    own = served.url.removeprefix("http://")
    own_tls = served.tls_url.removeprefix("https://")
    return f"""
daemon off; master_process off; error_log stderr crit; pid {folder}/nginx.pid;
events {{ worker_connections 128; }}
http {{
  {temporary}
  access_log off; default_type application/octet-stream; client_max_body_size 8m;
  ssl_certificate {certificate.cert}; ssl_certificate_key {certificate.key};
  server {{
    listen {own} reuseport; listen {own_tls} ssl reuseport;
    root {folder};
    proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_buffering off; proxy_buffer_size 16k; proxy_buffers 8 16k;
    location / {{ proxy_pass {behind.url}; }}
    location = /peer {{ return 200 $remote_port; }}
    location = /closing {{ keepalive_timeout 0; return 200 last; }}
    location = /text.txt {{ if_modified_since before; }}
    location = /packed {{
      gzip on; gzip_min_length 1; gzip_types text/plain; types {{ }} default_type text/plain; alias {folder}/text.txt;
    }}
    location = /rewritten {{ sub_filter_once off; sub_filter_types *; sub_filter Deposits DEPOSITS; alias {folder}/text.txt; }}
    location = /small-only {{ client_max_body_size 1k; proxy_pass {behind.url}; }}
  }}
}}
"""
