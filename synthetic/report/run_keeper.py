"""A reader of the one stream of events that keeps what runs come to, in a thread of its own: what the gate judges by, run records.

A write that fails is told, never blocks a run, and is tried again while there is room: what is lost then is no money. Nothing ends
the thread before its time, or nothing would be kept any more while all looks well.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from synthetic.core.errors import HarnessError
from synthetic.core.events import Event, RunEnded, RunStarted

EVENTS_MAX = 100_000
_FLUSH_S = 0.25
_TOGETHER_MAX = 200

T = TypeVar("T")
Made_co = TypeVar("Made_co", covariant=True)


class Fold(Protocol[Made_co]):
    """What a run comes to, of its events."""

    def take(self, event: Event) -> Made_co | None:
        """Take the next event; what the run comes to where it was its last one, and where that is to be kept."""


class RunKeeper(Generic[T]):
    """An EventSink for one thread. A context manager; at its end everything that can be is written.

    `write` keeps what several runs came to, all of it or nothing, and raises HarnessError where the store can't be used. `told`
    hears why nothing can be kept, and "" when it can again. `pending_max`: how many wait for a store that can't be written; the
    oldest of more are lost. `events_max`: how many events wait for a store that does not answer; runs that begin then are left out.
    """

    def __init__(
        self,
        name: str,
        fold: Fold[T],
        write: Callable[[Sequence[T]], object],
        told: Callable[[str], None],
        *,
        pending_max: int,
        events_max: int = EVENTS_MAX,
    ) -> None:
        self._fold = fold
        self._store = write
        self._told = told
        self._problem = ""
        self._events_max = events_max
        self._left_out: set[str] = set()
        self._overrun = False
        self._heard: list[
            Event
        ] = []  # not handed over yet: a thread that wakes for each event costs more than the events
        self._heard_ever = self._taken_ever = 0
        self._events: SimpleQueue[list[Event] | None] = SimpleQueue()
        self._pending: deque[T] = deque(maxlen=pending_max)
        self._thread = threading.Thread(target=self._keep, name=name, daemon=True)

    def __call__(self, event: Event, /) -> None:
        """Take one event; never blocks."""
        if isinstance(event, RunStarted) and self._is_full():
            self._left_out.add(event.run_id)
        if event.run_id not in self._left_out:
            self._heard.append(event)
            self._heard_ever += 1
            if isinstance(event, RunEnded) or len(self._heard) >= _TOGETHER_MAX:
                self._hand_over()
        elif isinstance(event, RunEnded):
            self._left_out.discard(event.run_id)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hand_over()
        self._events.put(None)
        self._thread.join()

    def now_and_then(self) -> None:
        """What else is done in the thread, after each write; it raises nothing (`guarded`)."""

    def guarded(self, work: Callable[[], object], *, bug: str) -> bool:
        """Do it. Answers whether the store could be used; that it can't, or that we have a bug there (`bug` ...), is told."""
        try:
            return self._tell(work)
        except Exception as error:  # noqa: BLE001 - a bug costs this piece of work; a thread that ends would cost all of it
            self._told(f"{bug}, and this is a bug of synthetic: {error!r}")
            return True

    def _hand_over(self) -> None:
        """A run comes to nothing before its end, so nobody waits for what was heard before."""
        heard, self._heard = self._heard, []
        self._events.put(heard)

    def _is_full(self) -> bool:
        """Whole runs are left out, not events of them: of half a run nobody could say how it ended."""
        full = self._heard_ever - self._taken_ever >= self._events_max
        if full != self._overrun:
            self._overrun = full
            self._told("the store does not answer: runs that begin now are left out" if full else self._problem)
        return full

    def _keep(self) -> None:
        ended = False
        while not ended:
            ended = self._take_some()
            self._write()
            self.now_and_then()

    def _take_some(self) -> bool:
        """Take events for a while, or until enough is there to be written. Answers whether this is the end."""
        taken = 0
        try:
            while taken < _TOGETHER_MAX:
                heard = self._events.get(timeout=_FLUSH_S)
                if heard is None:
                    return True
                for event in heard:
                    self._taken_ever += 1
                    taken += self._fold_in(event)
        except Empty:
            pass
        return False

    def _fold_in(self, event: Event) -> bool:
        """Answers whether a run has come to something that is to be written."""
        try:
            made = self._fold.take(event)
        except Exception as error:  # noqa: BLE001 - as in `guarded`: a bug here costs one run
            self._told(f"run {event.run_id!r} could not be read, and this is a bug of synthetic: {error!r}")
            return False
        if made is not None:
            self._pending.append(made)
        return made is not None

    def _write(self) -> None:
        if not self._pending:
            return
        together = list(self._pending)
        try:
            written = self._tell(lambda: self._store(together))
        except Exception:  # noqa: BLE001 - one of them can't be written, such as a text that is none
            written = all(self._write_one(one) for one in together)
        if written:
            self._pending.clear()

    def _write_one(self, one: T) -> bool:
        run = getattr(one, "run_id", "")
        return self.guarded(lambda: self._store([one]), bug=f"run {run!r} could not be kept")

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
