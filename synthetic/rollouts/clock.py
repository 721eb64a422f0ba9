"""Whether the wall clock goes as the monotonic one does: evidence is placed by the wall, and a jump puts it elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from synthetic.core.ports import Clock

JUMP_MIN_S = 5.0
"""More than this between two looks is a jump; less is what time servers slew."""


@dataclass(frozen=True, slots=True)
class Jump:
    """The wall clock has jumped by so much (negative: back), seen at a monotonic instant."""

    by_s: float
    seen_ns: int


class WatchedClock:
    """Wall time for one judge, which remembers the newest jump. A machine that was suspended has jumped, too: it saw nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apart_ns = clock.wall_ns() - clock.monotonic_ns()
        self._jump: Jump | None = None

    def look(self) -> int:
        """The wall time now, in nanoseconds; notices a jump since the look before."""
        monotonic_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
        by_s = (wall_ns - monotonic_ns - self._apart_ns) / 1e9
        if abs(by_s) > JUMP_MIN_S:
            self._jump = Jump(by_s, monotonic_ns)
        self._apart_ns = wall_ns - monotonic_ns
        return wall_ns

    def jumped(self, within_s: float) -> Jump | None:
        """The newest jump, where it was seen within so many seconds."""
        jump = self._jump
        if jump is None or (self._clock.monotonic_ns() - jump.seen_ns) / 1e9 > within_s:
            return None
        return jump
