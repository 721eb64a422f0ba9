"""Blocking connections under one deadline: name and TCP together take no longer than it says."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
AddressInfo = tuple[Any, Any, int, str, Any]


class Deadline:
    """A moment by which everything has to be over."""

    def __init__(self, timeout_s: float) -> None:
        self._at = time.monotonic() + timeout_s

    def remaining_s(self) -> float:
        """Seconds left. Raises TimeoutError where there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline is over")
        return left


def within(deadline: Deadline, call: Callable[[], T], name: str) -> T:
    """Make a call that knows no time-out, in a thread that is left behind where it takes too long. Raises TimeoutError."""
    answers: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put((call(), None))
        except BaseException as error:  # noqa: BLE001 - it is raised in the caller's thread
            answers.put((None, error))

    threading.Thread(target=work, name=name, daemon=True).start()
    try:
        value, error = answers.get(timeout=deadline.remaining_s())
    except queue.Empty:
        raise TimeoutError("the deadline is over") from None
    if error is not None:
        raise error
    return value  # type: ignore[return-value] # without an error it is the call's value


def dial(host: str, port: int, deadline: Deadline) -> socket.socket:
    """A TCP connection to the first address that takes one. Raises OSError."""
    failure: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in _addresses(host, port, deadline):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(deadline.remaining_s())
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def _addresses(host: str, port: int, deadline: Deadline) -> list[AddressInfo]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return within(deadline, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), "synthetic-resolver")
