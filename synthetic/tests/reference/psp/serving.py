"""An ASGI app on a free loopback port, in a thread of its own; for the tests of PSPs and of the cashier."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """Serve an app; its address.

    uvicorn binds by itself: asyncio switches Nagle off only for sockets whose `proto` is TCP, which `socket.create_server`
    does not say, and each answer would wait 40 ms for a delayed ACK.
    """
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, ws="none", lifespan="on", date_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
    assert not thread.is_alive()


def wait_until(claim: Callable[[], bool], *, within_s: float = 30.0) -> None:
    """Poll until the claim holds; fail at the deadline."""
    deadline_s = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < deadline_s, "not within the deadline"
        time.sleep(0.005)
