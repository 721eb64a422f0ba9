"""A ratio with its counts, and how sure one may be of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959963984540054
"""The standard normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval of ratios, 0 <= low <= high <= 1."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """`held` of `total`. The ratio of nothing is unknown: `value` and `interval()` are None then."""

    held: int = 0
    total: int = 0

    def __post_init__(self) -> None:
        assert 0 <= self.held <= self.total, "a ratio counts a part of its whole"

    @property
    def value(self) -> float | None:
        """From 0.0 to 1.0; None where nothing was counted."""
        return self.held / self.total if self.total else None

    @property
    def missed(self) -> int:
        """How many of the total did not hold."""
        return self.total - self.held

    def interval(self, z: float = Z_95) -> Interval | None:
        """The Wilson score interval; None where nothing was counted."""
        return wilson(self.held, self.total, z) if self.total else None

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.held + other.held, self.total + other.total)


def wilson(held: int, total: int, z: float = Z_95) -> Interval:
    """The Wilson score interval of a binomial proportion (E. B. Wilson, JASA 22, 1927, 209-212).

    Unlike the normal approximation it is honest for few samples and near 0 and 1: 3 of 3 gives 0.44..1, not 1..1.
    `total` has to be positive.
    """
    assert total > 0, "wilson() needs at least one sample"
    p = held / total
    shrink = 1 + z * z / total
    centre = (p + z * z / (2 * total)) / shrink
    margin = z / shrink * sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    # At the ends the bound is exact; only rounding would put it a hair inside.
    low = 0.0 if held == 0 else max(0.0, centre - margin)
    high = 1.0 if held == total else min(1.0, centre + margin)
    return Interval(low, high)
