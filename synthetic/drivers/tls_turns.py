"""A TLS connection that one thread reads while another one writes.

OpenSSL allows one call at a time on a connection, and Python 3.11 does not see to that (CPython issues 124984 and 134698): a frame
that is sent while another one arrives can break the connection, and a healthy cell would be accused of it.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any


class TlsTurns:
    """The face of a socket over a TLS socket whose handshake is over. Each call to OpenSSL has its turn; waiting is outside it."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        self._sock = sock
        self._timeout_s = sock.gettimeout()
        self._turn = threading.Lock()
        self._ended_by: ssl.SSLError | None = None
        self._waiting = 0
        self._nobody_waits = threading.Condition()
        sock.settimeout(0.0)

    def recv(self, bytes_max: int) -> bytes:
        """At most so many bytes, and what OpenSSL has decrypted beyond them, which no poll would tell of; b"" at the end."""
        data: bytes = self._in_turn(partial(self._sock.recv, bytes_max))
        with self._turn:
            return data + self._sock.recv(self._sock.pending()) if data and self._sock.pending() else data

    def sendall(self, data: bytes) -> None:
        """Send all of it. Raises TimeoutError where the peer takes nothing for the time-out."""
        view = memoryview(data)
        while view:
            sent: int = self._in_turn(partial(self._sock.send, view))
            view = view[sent:]

    def settimeout(self, timeout_s: float | None) -> None:
        """How long a call may wait for the peer; None for ever."""
        self._timeout_s = timeout_s

    def shutdown(self, how: int) -> None:
        """End the connection under the encryption, so that whoever waits comes back.

        An SSLSocket's own shutdown drops its encryption first; a send that is going on would then go on in plain text.
        """
        socket.socket.shutdown(self._sock, how)

    def close(self) -> None:
        """Wake whoever waits for the peer, and give the socket back once he has noticed.

        A poll of a descriptor that is closed under it never ends, even where the shutdown before it had woken it.
        """
        hang_up(self)
        with self._nobody_waits:
            self._nobody_waits.wait_for(lambda: not self._waiting)
            with self._turn:
                self._sock.close()

    def fileno(self) -> int:
        """For pollers; -1 after `close`."""
        return self._sock.fileno()

    def getsockname(self) -> Any:
        """Our end."""
        return self._sock.getsockname()

    def getpeername(self) -> Any:
        """The other end."""
        return self._sock.getpeername()

    def _in_turn(self, call: Callable[[], Any]) -> Any:
        while True:
            try:
                with self._turn, self._told():
                    return call()
            except ssl.SSLWantReadError:
                self._await(selectors.EVENT_READ)
            except ssl.SSLWantWriteError:
                self._await(selectors.EVENT_WRITE)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """OpenSSL tells once why a connection has ended, such as by which alert; whoever has the next turn hears it from here."""
        try:
            yield
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            if self._ended_by is not None:
                raise error from self._ended_by
            self._ended_by = error
            raise

    def _await(self, event: int) -> None:
        with self._counted(), selectors.DefaultSelector() as selector:
            selector.register(self._sock, event)
            if not selector.select(self._timeout_s):
                raise TimeoutError("the peer was not ready in time")

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        with self._nobody_waits:
            if self._sock.fileno() < 0:
                raise OSError(errno.EBADF, "the connection was closed on our side")
            self._waiting += 1
        try:
            yield
        finally:
            with self._nobody_waits:
                self._waiting -= 1
                self._nobody_waits.notify_all()


def taking_turns(sock: socket.socket) -> Any:
    """The socket, made safe for a reader and a writer where it speaks TLS."""
    return TlsTurns(sock) if isinstance(sock, ssl.SSLSocket) else sock


def hang_up(sock: socket.socket | TlsTurns) -> None:
    """End both directions, so that whoever reads or writes in another thread comes back."""
    with contextlib.suppress(OSError):  # it is closed already
        sock.shutdown(socket.SHUT_RDWR)
