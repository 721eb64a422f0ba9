"""The keeper: writes what each run has shown into the gate's store, and forgets what is too old, in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable

from synthetic.core.ports import Clock
from synthetic.gate.observed import Observation
from synthetic.report.run_keeper import EVENTS_MAX, Fold, RunKeeper
from synthetic.rollouts.store import Store

PENDING_MAX = 5_000
FORGET_EVERY_S = 60.0


class ObservationKeeper(RunKeeper[Observation]):
    """`fold`: such as `gate.observing.ObservationFold`; everything else as `RunKeeper` has it."""

    def __init__(
        self,
        store: Store,
        fold: Fold[Observation],
        clock: Clock,
        told: Callable[[str], None],
        *,
        pending_max: int = PENDING_MAX,
        events_max: int = EVENTS_MAX,
    ) -> None:
        super().__init__(
            "synthetic-observations", fold, store.observe, told, pending_max=pending_max, events_max=events_max
        )
        self._observed = store
        self._clock = clock
        self._forgot_ns = clock.monotonic_ns()

    def now_and_then(self) -> None:
        """Forget what is too old, a part of it each time."""
        if (self._clock.monotonic_ns() - self._forgot_ns) / 1e9 >= FORGET_EVERY_S:
            self._forgot_ns = self._clock.monotonic_ns()
            self.guarded(lambda: self._observed.forget(self._clock.wall_ns()), bug="what is old could not be forgotten")
