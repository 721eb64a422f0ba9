"""The machine's own clocks. Virtual time is in `drivers.memory`."""

from __future__ import annotations

import time


class SystemClock:
    """The monotonic and the wall clock of this machine (`core.ports.Clock`)."""

    def monotonic_ns(self) -> int:
        """Nanoseconds of a clock that never goes back."""
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        """Nanoseconds since the Unix epoch, UTC."""
        return time.time_ns()
