"""Latencies kept exactly, and their percentiles by nearest rank."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latencies:
    """Exact latencies in nanoseconds, ascending. Build with `of`."""

    sorted_ns: tuple[int, ...] = ()

    @classmethod
    def of(cls, values_ns: Iterable[int]) -> Latencies:
        """Latencies in any order."""
        return cls(tuple(sorted(values_ns)))

    def percentile_ns(self, percent: int) -> int | None:
        """The smallest measured value with at least `percent` % of all values at or below it; None without values.

        This is the nearest-rank definition: rank = ceil(percent / 100 * n), so the answer is always a value that was
        measured, and p95 of fewer than 20 values is their maximum. `percent` is 1 to 100.
        """
        assert 1 <= percent <= 100, "a percentile is from 1 to 100"
        if not self.sorted_ns:
            return None
        rank = -(-percent * len(self.sorted_ns) // 100)
        return self.sorted_ns[rank - 1]

    def percentile_ms(self, percent: int) -> float | None:
        """`percentile_ns` in milliseconds, to the microsecond."""
        value = self.percentile_ns(percent)
        return None if value is None else round(value / 1e6, 3)

    def __len__(self) -> int:
        return len(self.sorted_ns)
