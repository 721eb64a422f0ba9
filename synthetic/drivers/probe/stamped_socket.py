"""A socket that notes the kernel's stamps itself, for an event loop that reads and writes it without asking for them.

asyncio's transports call the methods of the socket that they were given, so WebSockets have their stamps without a reader of their
own. A loop that works on the descriptor alone (uvloop) leaves nothing noted, and the loop's own time counts.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from synthetic.drivers.probe.stamps import ANCILLARY_BYTES, Stamps, stamp_what_leaves


class StampedSocket(socket.socket):
    """Notes when data came and left; `watch` begins it."""

    _stamps: Stamps | None = None
    _now_ns: Callable[[], int]
    came_ns: int = 0
    stamped: bool = False
    left_ns: int = 0
    doubt_ns: int = 0

    def watch(self, stamps: Stamps, monotonic_ns: Callable[[], int]) -> None:
        """Note stamps from now on: of what came last `came_ns`, and whether by the kernel (`stamped`); of what left `left_ns`.

        `doubt_ns`: by how much the latter may be too early.
        """
        self._stamps, self._now_ns = stamps, monotonic_ns
        stamp_what_leaves(self)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As any socket's."""
        if self._stamps is None:
            return super().recv(size, flags)
        data, ancillary, _, _ = self._read(self._stamps, self.recvmsg, size, ANCILLARY_BYTES, flags)
        self._note(self._stamps, ancillary)
        return bytes(data)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """As any socket's."""
        if self._stamps is None:
            return super().recv_into(buffer, nbytes, flags)
        place = memoryview(buffer)[: nbytes or None]
        count, ancillary, _, _ = self._read(self._stamps, self.recvmsg_into, [place], ANCILLARY_BYTES, flags)
        self._note(self._stamps, ancillary)
        return int(count)

    def send(self, data: Any, flags: int = 0) -> int:
        """As any socket's."""
        if self._stamps is None:
            return super().send(data, flags)
        before_ns = self._now_ns()
        count = super().send(data, flags)
        after_ns = self._now_ns()
        at_ns = self._stamps.left(self, before_ns)
        self.left_ns, self.doubt_ns = (before_ns, after_ns - before_ns) if at_ns is None else (at_ns, 0)
        return count

    def _read(self, stamps: Stamps, call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except BlockingIOError:
            stamps.left(self, 0)  # a stamp that came late wakes the loop, again and again until it is taken
            raise

    def _note(self, stamps: Stamps, ancillary: Any) -> None:
        self.came_ns, self.stamped = stamps.came(ancillary, max(1, self.came_ns))
