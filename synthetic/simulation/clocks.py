"""The clocks of a virtual machine: one that never goes back, and a wall clock that may be off, and jump."""

from __future__ import annotations

from synthetic.drivers.lag import LagMeter
from synthetic.simulation.lives import LIFE
from synthetic.simulation.virtual_loop import VirtualLoop

EPOCH_NS = 1_767_268_800_000_000_000  # 2026-01-01T12:00:00Z: no clock is so wrong that its day is another one


class VirtualClock:
    """`core.ports.Clock` on a virtual loop. The wall clock is that of the life that asks, wrong as it may be."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def monotonic_ns(self) -> int:
        """Nanoseconds since the loop was made."""
        return self._loop.now_ns()

    def wall_ns(self) -> int:
        """Nanoseconds since the Unix epoch, by the clock of whoever asks."""
        life = LIFE.get()
        return EPOCH_NS + self._loop.now_ns() + (life.wall_offset_ns() if life is not None else 0)


class NoLag(LagMeter):
    """A loop whose time stands still while it works never lags, so nothing needs to beat."""

    def start(self) -> None:
        """Begin nothing."""
