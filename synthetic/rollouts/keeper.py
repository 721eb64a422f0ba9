"""The keeper: a reader of the one stream of events that writes what each run has shown into the store, in a thread of its own.

A write that fails is told, never blocks a run, and is tried again while there is room: what is lost then is evidence, not money.
Nothing ends the thread before its time, or the gate would hear of no run any more while all looks well.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Protocol, Self

from synthetic.core.errors import JournalUnavailable
from synthetic.core.events import Event, RunEnded, RunStarted
from synthetic.core.ports import Clock
from synthetic.gate.observed import Observation
from synthetic.rollouts.store import Store

PENDING_MAX = 5_000
EVENTS_MAX = 100_000
FORGET_EVERY_S = 60.0
_FLUSH_S = 0.25
_TOGETHER_MAX = 200


class Fold(Protocol):
    """Makes an observation of the events of a run (`gate.observing.ObservationFold`)."""

    def take(self, event: Event) -> Observation | None:
        """Take the next event; the observation where it was the run's last one."""


class ObservationKeeper:
    """An EventSink. A context manager; at its end everything that can be is written.

    `told` hears why nothing can be kept, and "" when it can again. `pending_max`: how many observations wait for a store that
    can't be written; the oldest of more are lost. `events_max`: how many events wait for a store that does not answer; runs that
    begin then are left out.
    """

    def __init__(
        self,
        store: Store,
        fold: Fold,
        clock: Clock,
        told: Callable[[str], None],
        *,
        pending_max: int = PENDING_MAX,
        events_max: int = EVENTS_MAX,
    ) -> None:
        self._store = store
        self._fold = fold
        self._clock = clock
        self._told = told
        self._problem = ""
        self._forgot_ns = clock.monotonic_ns()
        self._events_max = events_max
        self._left_out: set[str] = set()
        self._overrun = False
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._pending: deque[Observation] = deque(maxlen=pending_max)
        self._thread = threading.Thread(target=self._keep, name="synthetic-observations", daemon=True)

    def __call__(self, event: Event, /) -> None:
        """Take one event; never blocks."""
        if isinstance(event, RunStarted) and self._is_full():
            self._left_out.add(event.run_id)
        if event.run_id not in self._left_out:
            self._events.put(event)
        elif isinstance(event, RunEnded):
            self._left_out.discard(event.run_id)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._events.put(None)
        self._thread.join()

    def _is_full(self) -> bool:
        """Whole runs are left out, not events of them: of half a run nobody could say how it ended."""
        full = self._events.qsize() >= self._events_max
        if full != self._overrun:
            self._overrun = full
            self._told("the store does not answer: runs that begin now are left out" if full else self._problem)
        return full

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
        try:
            written = self._tell(lambda: self._store.observe(together))
        except Exception:  # noqa: BLE001 - one of them can't be written, such as a text that is none
            written = self._write_each(together)
        if written:
            self._pending.clear()

    def _write_each(self, together: Sequence[Observation]) -> bool:
        """Write what can be written. Answers whether the store could be used."""
        for one in together:
            try:
                if not self._tell(partial(self._store.observe, [one])):
                    return False
            except Exception as error:  # noqa: BLE001 - as for a run that can't be read
                self._told(f"run {one.run_id!r} could not be kept, and this is a bug of synthetic: {error!r}")
        return True

    def _forget(self) -> None:
        """Forget what is too old, now and then, a part of it each time."""
        if (self._clock.monotonic_ns() - self._forgot_ns) / 1e9 >= FORGET_EVERY_S:
            self._forgot_ns = self._clock.monotonic_ns()
            try:
                self._tell(lambda: self._store.forget(self._clock.wall_ns()))
            except Exception as error:  # noqa: BLE001 - as for a run that can't be read
                self._told(f"what is old could not be forgotten, and this is a bug of synthetic: {error!r}")

    def _tell(self, work: Callable[[], object]) -> bool:
        problem = ""
        try:
            work()
        except JournalUnavailable as error:
            problem = str(error)
        if problem != self._problem:
            self._problem = problem
            self._told(problem)
        return not problem
