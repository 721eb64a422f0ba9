"""A histogram of latencies that workers can send and the master can add up: exact counts, values within a thousandth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, exp, floor, log

_WIDTH = log(1.001)
_FLOOR_NS = 1_000


@dataclass(slots=True)
class Histogram:
    """Counts by bucket; each bucket is a thousandth wide, and what is below a microsecond is in the first one."""

    buckets: Counter[int] = field(default_factory=Counter)

    def add(self, value_ns: int) -> None:
        """Count one value."""
        self.buckets[floor(log(max(value_ns, _FLOOR_NS) / _FLOOR_NS) / _WIDTH)] += 1

    def merge(self, other: Histogram) -> None:
        """Add another one's counts."""
        self.buckets.update(other.buckets)

    @property
    def count(self) -> int:
        """How many values."""
        return self.buckets.total()

    def percentile_ms(self, percent: float) -> float | None:
        """By nearest rank, within a thousandth of the true value; None of nothing."""
        rank = ceil(self.count * percent / 100)
        for bucket in sorted(self.buckets):
            rank -= self.buckets[bucket]
            if rank <= 0:
                return _FLOOR_NS * exp(_WIDTH * (bucket + 0.5)) / 1e6
        return None

    def as_data(self) -> dict[str, int]:
        """For the wire."""
        return {str(bucket): count for bucket, count in self.buckets.items()}

    @classmethod
    def of(cls, data: Mapping[str, int]) -> Histogram:
        """From the wire."""
        return cls(Counter({int(bucket): count for bucket, count in data.items()}))
