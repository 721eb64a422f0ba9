"""The local receiver of a PSP's webhooks: a small HTTP server in a thread, at a path that nobody guesses."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from synthetic.conformance.psp.inbox import Inbox
from synthetic.core.errors import HarnessError
from synthetic.core.ports import Clock

BODY_BYTES_MAX = 256 * 1024
READ_WITHIN_S = 5.0


@contextmanager
def receiving(inbox: Inbox, host: str, port: int, clock: Clock, *, path: str = "") -> Iterator[str]:
    """Receive webhooks until the end of the block; yields the URL here. Raises HarnessError.

    Port 0: a free one. Without a path it is one that nobody guesses.
    """
    path = path or f"/hooks/{secrets.token_urlsafe(12)}"
    handler = _handler(inbox, path, clock)
    try:
        server = _Server((host, port), handler)
    except OSError as error:
        raise HarnessError(f"no webhook can be received at {host}:{port}: {error.strerror}") from None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{server.server_address[1]}{path}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A broken connection of a PSP is none of our errors."""


def _handler(inbox: Inbox, path: str, clock: Clock) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = READ_WITHIN_S
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != path or not length.isdigit() or int(length) > BODY_BYTES_MAX:
                self._answer(404 if self.path != path else 413, close=True)
                return
            raw = self.rfile.read(int(length))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._answer(inbox.take(raw, headers, clock.wall_ns() / 1e9))

        def _answer(self, status: int, *, close: bool = False) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if close:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
            """The inbox is the log."""

    return Handler
