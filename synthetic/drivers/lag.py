"""How far our own event loop lags: a heartbeat that notes each stall, so that no stall of ours is booked as a target's latency."""

from __future__ import annotations

import asyncio
from collections import deque

from synthetic.core.effects import Result, TransportFault
from synthetic.core.ports import Clock

_STALLS_KEPT = 1024
_NOISE_NS = 1_000_000  # epoll rounds up to a millisecond


def exposed(result: Result, handled_ns: int) -> tuple[int, int]:
    """From when until when a stall of our loop falls into what was measured.

    Where the kernel says when the answer came, only what comes behind that; where it says that none had come at the deadline, what
    the target lost before it was asked. Where the target may have waited until we read on (`attempt.BUFFERED_BYTES`) it says
    neither.
    """
    times = result.times
    match result:
        case TransportFault() if times.stamped:
            return times.started, times.sent
        case TransportFault():
            return times.started, handled_ns
        case _ if times.stamped:
            return max(times.received, times.started), handled_ns
        case _:
            return times.sent, handled_ns


class Stalls:
    """What is known of the stalls of one loop: its heartbeat, every `every_s`, tells of each beat.

    A stall shorter than `every_s` may go unseen, and a longer one is seen short by up to `every_s`.
    """

    def __init__(self, clock: Clock, every_s: float = 0.005) -> None:
        self._clock = clock
        self._due_ns: int | None = None
        self._noted: deque[tuple[int, int]] = deque(maxlen=_STALLS_KEPT)
        self.every_s = every_s

    def begin(self) -> None:
        """The heart begins to beat now."""
        self._due_ns = self._clock.monotonic_ns() + int(self.every_s * 1e9)

    def beat(self) -> None:
        """The heart beats; where it beats late, that was a stall."""
        now = self._clock.monotonic_ns()
        if self._due_ns is not None and now - self._due_ns > _NOISE_NS:
            self._noted.append((self._due_ns, now))
        self._due_ns = now + int(self.every_s * 1e9)

    def end(self) -> None:
        """The heart beats no more."""
        self._due_ns = None

    def longest_stall_ns(self, since_ns: int, until_ns: int) -> int:
        """The longest stall within a span of time, one that is still going on included; 0 where none was seen."""
        longest = 0
        if self._due_ns is not None and until_ns - self._due_ns > _NOISE_NS:
            longest = until_ns - max(self._due_ns, since_ns)
        for start_ns, end_ns in reversed(self._noted):
            if end_ns <= since_ns:
                break
            longest = max(longest, min(end_ns, until_ns) - max(start_ns, since_ns))
        return longest


class LagMeter(Stalls):
    """A heartbeat on an asyncio loop; one meter may serve all drivers of that loop."""

    def __init__(self, clock: Clock, every_s: float = 0.005) -> None:
        super().__init__(clock, every_s)
        self._heart: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to beat on the running loop; it is no mistake to call it again."""
        if self._heart is None or self._heart.done():
            self.begin()
            self._heart = asyncio.get_running_loop().create_task(self._beat(), name="synthetic-lag-meter")

    async def stop(self) -> None:
        """End the heartbeat."""
        if self._heart is not None:
            self._heart.cancel()
            await asyncio.wait([self._heart])
            self._heart = None
            self.end()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.every_s)
            self.beat()
