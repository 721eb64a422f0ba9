"""Small HTTP servers on loopback, each in a thread of its own, for as long as a `with`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BODY_BYTES_MAX = 1 << 20
_HOP_BY_HOP = frozenset(
    "host connection keep-alive transfer-encoding content-length accept-encoding content-encoding".split()
)

Answer = Callable[[str, Mapping[str, str], bytes], tuple[int, bytes]]
"""Path, headers (their names in lower case) and raw body of a request to the status and the JSON of its answer."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on a free port; yields the base URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="synthetic-contracts", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answering(answer: Answer) -> AbstractContextManager[str]:
    """Serve what answers every POST with JSON; the value is the base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = read_body(self)
            if len(asked) < int(headers.get("content-length", 0)):
                self.close_connection = True  # the caller went away in the middle: nothing has arrived
                return
            status, body = answer(self.path, headers, asked)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing: who serves tells."""

    return serving(Handler)


def end_to_end(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers that a proxy passes on; the others are of one connection, or made anew (RFC 9110, 7.6.1)."""
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]


def read_body(handler: BaseHTTPRequestHandler) -> bytes:
    """The raw body of the request; at most 1 MiB of it."""
    length = min(int(handler.headers.get("Content-Length") or 0), BODY_BYTES_MAX)
    return handler.rfile.read(length) if length else b""
