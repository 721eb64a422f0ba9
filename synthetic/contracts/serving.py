"""Small HTTP servers on loopback, each in a thread of its own, for as long as a `with`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_BYTES_MAX = 1 << 20


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


def read_body(handler: BaseHTTPRequestHandler) -> bytes:
    """The raw body of the request; at most 1 MiB of it."""
    length = min(int(handler.headers.get("Content-Length") or 0), BODY_BYTES_MAX)
    return handler.rfile.read(length) if length else b""
