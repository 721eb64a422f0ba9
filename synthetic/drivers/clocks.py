"""The machine's own clocks. Virtual time is in `drivers.memory`."""

from __future__ import annotations

import time


class SystemClock:
    """The monotonic and the wall clock of this machine (`core.ports.Clock`)."""

    # The functions themselves: one request reads a clock a dozen times, and a method around it would double what that costs.
    monotonic_ns = staticmethod(time.monotonic_ns)
    wall_ns = staticmethod(time.time_ns)
