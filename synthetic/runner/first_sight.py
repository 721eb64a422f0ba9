"""For how long an open run is known to have been quiet, by a clock that nobody sets.

That a request "never arrived" is concluded from time alone, and the journal's times are those of other machines: by one whose clock
is a minute wrong, money that is still on its way would be given up. So whoever recovers a run waits himself, from when he first saw
it open.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from synthetic.core.ports import Clock

RUNS_MAX = 10_000

QuietFor = Callable[[str, int], int]
"""For how long (nanoseconds) nothing of a run can have left: of its id, and of the age of an effect by the journal's times."""


class FirstSight:
    """`QuietFor` of one process: never longer than it has known the run to be open. After a restart the wait begins again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: OrderedDict[str, int] = OrderedDict()

    def __call__(self, run_id: str, age_ns: int) -> int:
        """The shorter of the two times."""
        now_ns = self._clock.monotonic_ns()
        since_ns = self._seen.setdefault(run_id, now_ns)
        if len(self._seen) > RUNS_MAX:
            self._seen.popitem(last=False)
        return min(age_ns, now_ns - since_ns)


def by_the_journal(_run_id: str, age_ns: int) -> int:
    """`QuietFor` of a person at hand, who has only one look at the run and knows that the clocks are right."""
    return age_ns
