"""The processes of `synthetic.gate.eprocess` for many runs and streams at once."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from synthetic.gate.eprocess import Alternative

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SCALED_DOWN_FROM = 1e100
NO_WEIGHT = Alternative(-math.inf, 0.0, 0.0)
"""So that streams with fewer alternatives stand in one array with those that have more."""


class Processes:
    """One kind of e-process for all runs and streams; arrays of shape (runs, streams, alternatives)."""

    def __init__(self, runs: int, alternatives: list[tuple[Alternative, ...]]) -> None:
        most = max(len(some) for some in alternatives)
        alternatives = [some + (NO_WEIGHT,) * (most - len(some)) for some in alternatives]
        shape = (runs, len(alternatives), most)
        self._weights = np.exp(np.array([[one.log_weight for one in some] for some in alternatives]))
        self._hit = np.array([[one.log_hit for one in some] for some in alternatives])
        self._miss = np.array([[one.log_miss for one in some] for some in alternatives])
        self._values = np.zeros(shape)
        self._scale = np.zeros(shape[:2])
        self._waiting = 1.0

    def start(self, weight: float) -> None:
        """So much of the weight starts here."""
        self._waiting = max(self._waiting - weight, 0.0)
        self._values += weight * self._weights[None] * np.exp(-self._scale)[:, :, None]

    def factors(self, misses: Ints) -> Floats:
        """What so many misses multiply by; `misses`: (kinds, streams), answers (kinds, streams, alternatives)."""
        factors: Floats = np.exp(misses[:, :, None] * self._miss[None])
        return factors

    def multiply(self, factors: Floats) -> None:
        """Multiply all by what is at most 1, so that nothing can grow."""
        self._values *= factors

    def take(self, hits: Ints, misses: Ints, runs: Ints | None = None) -> None:
        """Multiply by the likelihood ratios of hits and misses, (runs, streams); of these runs only, where they are told."""
        rows = slice(None) if runs is None else runs
        values = self._values[rows] * np.exp(hits[:, :, None] * self._hit[None] + misses[:, :, None] * self._miss[None])
        highest = values.max(axis=2)
        factor = np.where(highest > SCALED_DOWN_FROM, highest, 1.0)
        self._values[rows] = values / factor[:, :, None]
        self._scale[rows] += np.log(factor)

    def logs(self, runs: Ints | None = None) -> Floats:
        """log of the evidence, (runs, streams)."""
        rows = slice(None) if runs is None else runs
        with np.errstate(divide="ignore"):
            started = np.log(self._values[rows].sum(axis=2)) + self._scale[rows]
            logs: Floats = np.logaddexp(started, math.log(self._waiting) if self._waiting > 0 else -np.inf)
        return logs

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Leave the other runs aside."""
        self._values, self._scale = self._values[kept], self._scale[kept]
