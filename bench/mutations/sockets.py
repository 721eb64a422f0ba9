"""A hop at a WebSocket: frames of the server pass through a change, those of the client as they are."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as serve_sockets

from bench.mutations.bodies import parsed, values_at
from bench.mutations.hop import Answer, Change, Hop, HungUpError
from synthetic.contracts.sealing import Outgoing

_FRAME = "<-"
_OWN_CODES = 4000  # and above: an application's, which say why a socket was closed
WITHIN_S = 5.0


@contextmanager
def socket_hop(change: Change) -> Iterator[tuple[Callable[[str], str], Callable[[], int]]]:
    """Yields what makes the hop's address of a socket's, and how often the change has acted."""
    urls: dict[str, str] = {}
    acted = 0

    def handle(client: ServerConnection) -> None:
        nonlocal acted
        url = urls[client.request.path if client.request else ""]
        with suppress(ConnectionClosed), connect(url, proxy=None, open_timeout=WITHIN_S, close_timeout=1) as server:
            acted += _pass_on(client, server, change)

    with serve_sockets(handle, "127.0.0.1", 0, close_timeout=1) as listening:
        thread = threading.Thread(target=listening.serve_forever, name="mutated socket", daemon=True)
        thread.start()
        port = listening.socket.getsockname()[1]

        def at(url: str) -> str:
            urls[f"/{len(urls)}"] = url
            return f"ws://127.0.0.1:{port}/{len(urls) - 1}"

        try:
            yield at, lambda: acted
        finally:
            listening.shutdown()
            thread.join()


def _pass_on(client: ServerConnection, server: ClientConnection, change: Change) -> int:
    """Pass frames both ways until either side is gone; how often the change has acted."""
    asked: dict[str, bytes] = {}

    def up() -> None:
        with suppress(ConnectionClosed):
            for text in client:
                raw = text.encode() if isinstance(text, str) else text
                asked.update({str(req_id): raw for req_id in values_at(raw, ("req_id",))})
                server.send(text)
        server.close()

    upwards = threading.Thread(target=up, name="mutated socket, upwards", daemon=True)
    upwards.start()
    acted = 0
    with suppress(ConnectionClosed, HungUpError):
        for text in server:
            frame = Answer(200, (), text.encode() if isinstance(text, str) else text)
            hop = Hop(lambda _, frame=frame: frame, change)
            try:
                client.send(hop.pass_on(_request(frame, asked)).body.decode("utf-8", "replace"))
            finally:
                acted += hop.acted
    client.close(server.close_code if server.close_code and server.close_code >= _OWN_CODES else 1000)
    upwards.join(WITHIN_S)
    return acted


def _request(frame: Answer, asked: dict[str, bytes]) -> Outgoing:
    """The frame that this one answers, as a request for frames of its type; nothing was asked for by a push."""
    said = parsed(frame.body) or {}
    return Outgoing(_FRAME, str(said.get("type")), {}, asked.get(str(said.get("req_id")), json.dumps(None).encode()))
