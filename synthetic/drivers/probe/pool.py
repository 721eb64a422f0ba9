"""The connections of one cell: kept alive per origin, bounded over all of them, the longest waiting request served first."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from synthetic.drivers.attempt import Attempt
from synthetic.drivers.guard import Limits
from synthetic.drivers.places import Target
from synthetic.drivers.probe.connection import Connection
from synthetic.drivers.probe.opening import opened
from synthetic.drivers.probe.stamps import Stamps


class Pool:
    """Hands out connections. What is kept for a target is found as fast among a thousand connections as with one."""

    def __init__(self, tls: ssl.SSLContext, limits: Limits, monotonic_ns: Callable[[], int]) -> None:
        self._tls = tls
        self._limits = limits
        self._monotonic_ns = monotonic_ns
        self._stamps = Stamps(monotonic_ns)
        self._idle: dict[Target, dict[Connection, None]] = {}  # of each target the longest idle first
        self._busy = 0  # places taken by connections that are in use, or being opened
        self._waiting: deque[asyncio.Future[None]] = deque()

    def idle(self, target: Target) -> Connection | None:
        """A connection that is there and free; None where one has to be opened or waited for."""
        if self._waiting or self._busy >= self._limits.connections_max:
            return None  # also where somebody has been given a place and has not come to take it
        connection = self._kept(target)
        self._busy += connection is not None
        return connection

    async def opened(self, target: Target, attempt: Attempt) -> Connection:
        """A connection, once there is a place for it. Raises OSError, UnicodeError."""
        await self._place()
        try:
            if (kept := self._kept(target)) is not None:
                return kept
            while self._busy + sum(map(len, self._idle.values())) > self._limits.connections_max:
                longest = (next(iter(kept)) for kept in self._idle.values())
                max(longest, key=Connection.rested_s).close()
            sock, secured = await opened(target, self._tls, attempt)
            return Connection(sock, secured, self._stamps, self._monotonic_ns, partial(self._forget, target))
        except BaseException:
            self._free()
            raise

    def back(self, target: Target, connection: Connection) -> None:
        """The exchange is over: keep the connection where it is fit, and let the next request have its place."""
        if not connection.closed:
            connection.rest()
            self._idle.setdefault(target, {})[connection] = None
        self._free()

    def close(self) -> None:
        """Close what is idle; what is in use is closed by who uses it."""
        for connection in [connection for kept in self._idle.values() for connection in kept]:
            connection.close()

    def _kept(self, target: Target) -> Connection | None:
        while kept := self._idle.get(target):
            connection, _ = kept.popitem()
            if not kept:
                del self._idle[target]
            if connection.rested_s() < self._limits.keepalive_s and connection.is_fit():
                return connection
            connection.close()
        return None

    def _forget(self, target: Target, connection: Connection) -> None:
        """It has closed. A target may redirect to any number of origins, so none of them leaves anything behind."""
        kept = self._idle.get(target, {})
        kept.pop(connection, None)
        if not kept:
            self._idle.pop(target, None)

    async def _place(self) -> None:
        if not self._waiting and self._busy < self._limits.connections_max:
            self._busy += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self._free()
            else:
                with suppress(ValueError):  # `_free` has passed over it already
                    self._waiting.remove(turn)
            raise

    def _free(self) -> None:
        """Give a place back, or on: a newcomer does not overtake who waits."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._busy -= 1
