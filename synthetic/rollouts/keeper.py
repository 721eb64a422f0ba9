"""The keeper: a reader of the one stream of events that writes what each run has shown into the store, in a thread of its own.

A write that fails is told, never blocks a run, and is tried again while there is room: what is lost then is evidence, not money.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Protocol, Self

from synthetic.core.errors import HarnessError
from synthetic.core.events import Event
from synthetic.core.ports import Clock
from synthetic.gate.observed import Observation
from synthetic.rollouts.store import Store

PENDING_MAX = 5_000
FORGET_EVERY_S = 60.0
_FLUSH_S = 0.25
_TOGETHER_MAX = 200


class Fold(Protocol):
    """Makes an observation of the events of a run (`gate.observe.ObservationFold`)."""

    def take(self, event: Event) -> Observation | None:
        """Take the next event; the observation where it was the run's last one."""


class ObservationKeeper:
    """An EventSink. A context manager; at its end everything that can be is written.

    `told` hears why nothing can be kept, and "" when it can again. `pending_max`: how many observations wait for a store that
    can't be written; the oldest of more are lost.
    """

    def __init__(
        self,
        store: Store,
        fold: Fold,
        clock: Clock,
        told: Callable[[str], None],
        *,
        pending_max: int = PENDING_MAX,
    ) -> None:
        self._store = store
        self._fold = fold
        self._clock = clock
        self._told = told
        self._problem = ""
        self._forgot_ns = clock.monotonic_ns()
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._pending: deque[Observation] = deque(maxlen=pending_max)
        self._thread = threading.Thread(target=self._keep, name="synthetic-observations", daemon=True)

    def __call__(self, event: Event, /) -> None:
        """Take one event; never blocks."""
        self._events.put(event)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._events.put(None)
        self._thread.join()

    def _keep(self) -> None:
        ended = False
        while not ended:
            ended = self._take_some()
            self._write()
            self._forget()

    def _take_some(self) -> bool:
        """Take events for a while, or until enough is there to be written. Answers whether this is the end."""
        taken = 0
        try:
            while taken < _TOGETHER_MAX:
                event = self._events.get(timeout=_FLUSH_S)
                if event is None:
                    return True
                seen = self._fold_in(event)
                if seen is not None:
                    self._pending.append(seen)
                    taken += 1
        except Empty:
            pass
        return False

    def _fold_in(self, event: Event) -> Observation | None:
        try:
            return self._fold.take(event)
        except Exception as error:  # noqa: BLE001 - a bug here costs evidence of one run; a thread that ends would cost all of it
            self._told(f"a run could not be read, and this is a bug of synthetic: {error!r}")
            return None

    def _write(self) -> None:
        if not self._pending:
            return
        together = list(self._pending)
        if self._tell(lambda: self._store.observe(together)):
            self._pending.clear()

    def _forget(self) -> None:
        """Forget what is too old, now and then, a part of it each time."""
        if (self._clock.monotonic_ns() - self._forgot_ns) / 1e9 >= FORGET_EVERY_S:
            self._forgot_ns = self._clock.monotonic_ns()
            self._tell(lambda: self._store.forget(self._clock.wall_ns()))

    def _tell(self, work: Callable[[], object]) -> bool:
        problem = ""
        try:
            work()
        except HarnessError as error:
            problem = str(error)
        if problem != self._problem:
            self._problem = problem
            self._told(problem)
        return not problem


def keep_all(store: Store, fold: Fold, events: Iterable[Event]) -> int:
    """Keep what the runs of a whole stream have shown, such as a session that was recorded. Answers how many were kept."""
    seen = [one for event in events if (one := fold.take(event)) is not None]
    store.observe(seen)
    return len(seen)
