"""An open model: runs are due at a rate, however long the target takes. Each is counted from when it was due.

A closed model, in which a user begins the next run once the last one has ended, sends less exactly while the target is slow, and
so measures least where it hurts most (G. Tene calls that coordinated omission). Here what is late is played late, and its
wait is in its latency.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random


class Arrivals:
    """A Poisson process of `per_user_s` arrivals a second for each user of this process. Users take what is due next.

    Processes need not know of each other: the sum of Poisson processes is one, of the sum of their rates.
    """

    def __init__(self, per_user_s: float, users: Callable[[], int], now_s: Callable[[], float], seed: int) -> None:
        assert per_user_s > 0, "arrivals come at a rate"
        self._per_user_s = per_user_s
        self._users = users
        self._now_s = now_s
        self._random = Random(seed)  # noqa: S311 - a schedule, not a secret
        self._next_s: float | None = None

    def take(self) -> float:
        """When the next run is due, in seconds of the clock given; where that is past, it is overdue."""
        due_s = self._now_s() if self._next_s is None else self._next_s
        self._next_s = due_s + self._random.expovariate(self._rate())
        return due_s

    def overdue(self) -> int:
        """How many runs are due by now that nobody has taken: the one that is next, and those that come behind it at this rate."""
        behind_s = 0.0 if self._next_s is None else self._now_s() - self._next_s
        return 1 + int(behind_s * self._rate()) if behind_s > 0 else 0

    def _rate(self) -> float:
        return self._per_user_s * max(1, self._users())
