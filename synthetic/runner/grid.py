"""The fixed grid of a probe: when its slots are, from the Unix epoch on, whatever its runs do. Pure.

A slot is the instant at which a run is due, jitter included, in nanoseconds since the epoch: it is what the journal keeps.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from synthetic.core.plan import Schedule

SECOND_NS = 1_000_000_000
LATE_MAX_NS = 5 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Grid:
    """Slots at `offset_ns` and every `every_ns` from there on, in both directions."""

    every_ns: int
    offset_ns: int

    @classmethod
    def of(cls, probe: str, schedule: Schedule) -> Grid:
        """The grid of a probe. Its jitter is a hash of its name: always the same, and spread over [0, jitter)."""
        every_ns = round(schedule.every_s * SECOND_NS)
        jitter_ns = round(schedule.jitter_s * SECOND_NS)
        assert every_ns > 0, "config refuses a schedule that never advances"
        spread = int.from_bytes(hashlib.sha256(probe.encode()).digest()[:8], "big")
        return cls(every_ns, spread * jitter_ns >> 64)

    @property
    def late_max_ns(self) -> int:
        """How late a slot may be played; later than that it is missed. Half the grid's distance, and 5 seconds at most."""
        return min(LATE_MAX_NS, self.every_ns // 2)

    def latest(self, now_ns: int, factor: int = 1) -> int:
        """The last slot up to and at an instant. `factor`: with so many slots in place of each one of the grid."""
        own, step_ns = self._own_slot(now_ns), self.every_ns // factor
        return own + min((now_ns - own) // step_ns, factor - 1) * step_ns

    def next_slot(self, after_ns: int, factor: int = 1) -> int:
        """The first slot behind an instant."""
        own, step_ns = self._own_slot(after_ns), self.every_ns // factor
        passed = (after_ns - own) // step_ns + 1
        return own + passed * step_ns if passed < factor else own + self.every_ns

    def slots_between(self, last_ns: int, now_ns: int) -> range:
        """The slots of the grid behind `last_ns`, up to and at `now_ns`; as long as they may be, it costs nothing."""
        return range(self.next_slot(last_ns), now_ns + 1, self.every_ns)

    def holds(self, slot_ns: int) -> bool:
        """Whether a slot is one of the grid's own, and not one that is played in between."""
        return (slot_ns - self.offset_ns) % self.every_ns == 0

    def _own_slot(self, now_ns: int) -> int:
        return now_ns - (now_ns - self.offset_ns) % self.every_ns
