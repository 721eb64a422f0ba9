"""How often something may be called: an allowance that refills with time."""

from __future__ import annotations

from collections import OrderedDict

from synthetic.core.ports import Clock

CALLERS_MAX = 1000


class Allowance:
    """So many calls a minute, all of them at once if none came before."""

    def __init__(self, a_minute: float, clock: Clock) -> None:
        self._a_minute = a_minute
        self._clock = clock
        self._left = a_minute
        self._at_ns = clock.monotonic_ns()

    def take(self) -> bool:
        """Take one call; False: there is none left."""
        now_ns = self._clock.monotonic_ns()
        self._left = min(self._a_minute, self._left + (now_ns - self._at_ns) / 60e9 * self._a_minute)
        self._at_ns = now_ns
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Allowances:
    """One allowance for each caller; those that were not seen for longest are forgotten first."""

    def __init__(self, a_minute: float, clock: Clock) -> None:
        self._a_minute = a_minute
        self._clock = clock
        self._of: OrderedDict[str, Allowance] = OrderedDict()

    def of(self, caller: str) -> Allowance:
        """The allowance of a caller."""
        allowance = self._of.pop(caller, None) or Allowance(self._a_minute, self._clock)
        self._of[caller] = allowance
        if len(self._of) > CALLERS_MAX:
            self._of.popitem(last=False)
        return allowance
