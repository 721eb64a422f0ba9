"""When bytes left and came, by the kernel: its stamps (`SO_TIMESTAMPING`), told on the driver's own monotonic clock.

A process learns of an answer when its event loop gets to it, which is late by whatever else the loop, or the machine, had to do;
and it may be interrupted just while it sends. The kernel itself notes when a segment goes to the device, and when one comes.
Linux only (Documentation/networking/timestamping.rst); where there is no stamp, the moment of reading stands for it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache

# Of Linux' asm-generic/socket.h and linux/net_tstamp.h; Python's socket module has no names for them.
_SO_TIMESTAMPNS = 35
_SO_TIMESTAMPING = 37
_TX_SOFTWARE, _RX_SOFTWARE, _SOFTWARE, _WITHOUT_PAYLOAD = 1 << 1, 1 << 3, 1 << 4, 1 << 11
_RECEIVED = _RX_SOFTWARE | _SOFTWARE
_BOTH = _RECEIVED | _TX_SOFTWARE | _WITHOUT_PAYLOAD
_TIMESPEC = struct.Struct("@qq")
_STAMP_BYTES = 3 * _TIMESPEC.size

_IS_LINUX = sys.platform == "linux"
ANCILLARY_BYTES = socket.CMSG_SPACE(_STAMP_BYTES) if _IS_LINUX else 0
_ERROR_BYTES = 2 * ANCILLARY_BYTES  # beside the stamp it says what it is of
_ERROR_QUEUE = socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT if _IS_LINUX else 0

_PAIR_NS_MAX = 20_000  # two readings of clocks further apart than this had something in between
_PAIR_TRIES = 5
_STEP_NS = 200_000

Ancillary = Sequence[tuple[int, int, bytes]]


def stamp_what_comes(sock: socket.socket) -> None:
    """Have the kernel stamp what this socket receives, where it can."""
    if _IS_LINUX and (_set(sock, _SO_TIMESTAMPING, _RECEIVED) or _set(sock, _SO_TIMESTAMPNS, 1)):
        _keep_stamping()


def stamp_what_leaves(sock: socket.socket) -> None:
    """Have it stamp what is sent as well.

    Such stamps wake the loop through the socket's error condition, which only asyncio's own loop takes for something to read.
    """
    if _IS_LINUX and isinstance(asyncio.get_running_loop(), asyncio.SelectorEventLoop):
        _set(sock, _SO_TIMESTAMPING, _BOTH)


@cache
def _keep_stamping() -> int:
    """A descriptor that the process keeps. Without a socket that wants stamps the kernel makes none, and it begins with a delay."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        _set(sock, _SO_TIMESTAMPING, _RECEIVED)
        return sock.detach()


def _set(sock: socket.socket, option: int, value: int) -> bool:
    try:
        sock.setsockopt(socket.SOL_SOCKET, option, value)
    except OSError:
        return False
    return True


class Stamps:
    """Reads stamps on the monotonic clock that `monotonic_ns` tells. One may serve all connections of a loop."""

    def __init__(self, monotonic_ns: Callable[[], int]) -> None:
        self._monotonic_ns = monotonic_ns
        self._stepped_ns = 0
        self._offset_ns = 0
        self._look()
        self._stepped_ns = 0  # what was found by the first look was no step

    def came(self, ancillary: Ancillary, since_ns: int) -> tuple[int, bool]:
        """When the data that came with `ancillary` had arrived, and whether the kernel says so.

        `since_ns`: before this moment it can't have come (our request had not left).
        """
        stamp_ns = _stamp_ns(ancillary)
        if stamp_ns is None:
            return self._monotonic_ns(), False
        at_ns, now_ns = self._told(stamp_ns, since_ns)
        return (now_ns, False) if at_ns is None else (at_ns, True)

    def left(self, sock: socket.socket, since_ns: int) -> int | None:
        """When the last of what was sent since that moment went to the device; None where no stamp of it is there (yet)."""
        try:
            _, ancillary, _, _ = sock.recvmsg(0, _ERROR_BYTES, _ERROR_QUEUE)
        except OSError:
            return None
        stamp_ns = _stamp_ns(ancillary)
        if stamp_ns is None:
            return None
        at_ns = stamp_ns + self._offset_ns
        if since_ns <= at_ns <= self._monotonic_ns() < since_ns + _STEP_NS:
            return at_ns  # by the last look: had the clock been set since, this could be off by no more than a look would miss
        return self._told(stamp_ns, since_ns)[0]

    def _told(self, stamp_ns: int, since_ns: int) -> tuple[int | None, int]:
        """When that was on our clock, where it is to be believed, and what it is now.

        Not believed is a stamp that lies before `since_ns` or ahead of us, and one of a wall clock that was set since then.
        """
        now_ns, offset_ns = self._look()
        at_ns = stamp_ns + offset_ns
        if self._stepped_ns < since_ns <= at_ns + _PAIR_NS_MAX and at_ns <= now_ns + _PAIR_NS_MAX:
            return max(since_ns, min(at_ns, now_ns)), now_ns
        return None, now_ns

    def _look(self) -> tuple[int, int]:
        """Now, and what to add to the wall clock, which stamps are in, to have the monotonic one."""
        shortest, now_ns, offset_ns = 1 << 62, 0, 0
        for _ in range(_PAIR_TRIES):
            before_ns = self._monotonic_ns()
            wall_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
            now_ns = self._monotonic_ns()
            if now_ns - before_ns < shortest:
                shortest = now_ns - before_ns
                offset_ns = (before_ns + now_ns) // 2 - wall_ns
            if shortest < _PAIR_NS_MAX:
                break
        if abs(offset_ns - self._offset_ns) > _STEP_NS + shortest:
            self._stepped_ns = now_ns  # at some time since the last look; whatever was under way is not to be believed
        self._offset_ns = offset_ns
        return now_ns, offset_ns


def _stamp_ns(ancillary: Ancillary) -> int | None:
    """The stamp among what came with data, in wall time."""
    for level, kind, data in ancillary:
        if kind in (_SO_TIMESTAMPING, _SO_TIMESTAMPNS) and level == socket.SOL_SOCKET:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return int(seconds * 1_000_000_000 + nanoseconds)
    return None
