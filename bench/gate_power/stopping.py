"""Hard stops on many traces at once, as `synthetic.gate.stops` has them. A test holds them equal to the gate, path by path.

Every failure of a trace is blamed on the PSP and on the provider, so that each hard stop of the policy has its say.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bench.gate_power.processes import Processes
from bench.gate_power.traces import PSPS, SLOT_S
from synthetic.gate.eprocess import canary_sided
from synthetic.gate.policy import Policy
from synthetic.gate.shares import FIRST_SEEN, alpha_of_stop

Ints = NDArray[np.int64]


class HardStops:
    """What all hard stops of a policy have seen of each run: pairs of late, and evidence. Arrays of shape (runs, streams)."""

    def __init__(self, policy: Policy, runs: int) -> None:
        streams = [
            (stop, (psp,) if stop.by else tuple(range(PSPS)), FIRST_SEEN / PSPS if stop.by else 1.0)
            for stop in policy.hard_stops
            if not stop.is_signal
            for psp in range(PSPS if stop.by else 1)
        ]
        self._members = np.array([[psp in psps for _, psps, _ in streams] for psp in range(PSPS)], dtype=np.int64)
        self._members = self._members.reshape(PSPS, len(streams))
        self._above = np.array([stop.above for stop, _, _ in streams])
        self._at_least = np.array([stop.at_least for stop, _, _ in streams])
        self._needed = np.array([-math.log(alpha_of_stop(policy, stop) * part) for stop, _, part in streams])
        self._slots = round(max((stop.within_s for stop, _, _ in streams), default=0.0) / SLOT_S)
        self._sided = Processes(runs, [canary_sided()] * len(streams)) if streams else None
        self._own = np.zeros((runs, len(streams)), dtype=np.bool_)
        self._pairs, self._bad = (np.zeros((runs, len(streams)), dtype=np.int64) for _ in range(2))
        self._recent: list[tuple[Ints, Ints]] = []

    def start(self, weight: float) -> None:
        """So much of the weight starts here."""
        if self._sided:
            self._sided.start(weight)

    def take(self, alone: Ints, its: Ints, both: Ints, count: Ints) -> NDArray[np.bool_]:
        """Take one slot: failures by side, (runs, PSPs), of so many pairs a PSP. Answers who is stopped."""
        if self._sided is None:
            return np.zeros(len(count), dtype=np.bool_)
        pairs, bad = count[:, None] * self._members.sum(axis=0)[None], (alone + both) @ self._members
        self._recent.append((pairs, bad))
        self._pairs, self._bad = self._pairs + pairs, self._bad + bad
        # A pair has ended by the end of its slot, so one that is `within` old is still counted.
        if len(self._recent) > self._slots:
            old_pairs, old_bad = self._recent.pop(0)
            self._pairs, self._bad = self._pairs - old_pairs, self._bad - old_bad
        hits, misses = alone @ self._members, its @ self._members
        touched = np.flatnonzero(hits.any(axis=1) | misses.any(axis=1))
        if len(touched):
            self._sided.take(hits[touched], misses[touched], touched)
            self._own[touched] = self._sided.logs(touched) >= self._needed
        met = (self._pairs >= self._at_least) & (self._bad > self._above * self._pairs)
        stopped: NDArray[np.bool_] = (met & self._own).any(axis=1)
        return stopped

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Leave the other runs aside."""
        if self._sided:
            self._sided.keep(kept)
        self._own, self._pairs, self._bad = self._own[kept], self._pairs[kept], self._bad[kept]
        self._recent = [(pairs[kept], bad[kept]) for pairs, bad in self._recent]
