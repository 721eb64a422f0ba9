"""A hop in front of Postgres that can stand still: connections stay open, and nothing comes through any more."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class StandingProxy:
    """Passes bytes on between a loopback port and a unix socket, until told to stand still."""

    def __init__(self, target: Path) -> None:
        self._target = str(target)
        self._moves = threading.Event()
        self._moves.set()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stand_still(self) -> None:
        """Whatever comes from now on waits."""
        self._moves.clear()

    def move(self) -> None:
        """Pass on again."""
        self._moves.set()

    def close(self) -> None:
        """End every connection."""
        self._moves.set()
        for one in (self._listener, *self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
                self._sockets += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._moves.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def standing_proxy(target: Path) -> Iterator[StandingProxy]:
    """One in front of that unix socket."""
    proxy = StandingProxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
