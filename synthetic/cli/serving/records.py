"""Run records of a service, for `synthetic explain`: of every run that was not ok, and of one in ten that was.

They are put together and written in a thread of their own, as a record costs more than many a run.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from synthetic.core.errors import HarnessError
from synthetic.core.events import Event, RunEnded, RunStarted
from synthetic.core.outcome import RunOutcome
from synthetic.report.recorder import RunRecorder
from synthetic.report.records import RunRecord
from synthetic.report.store import RunStore

ONE_OK_IN = 10
GOING_MAX = 10_000
_FLUSH_S = 0.5
_TOGETHER_MAX = 200


class RecordKeeper:
    """An EventSink. A context manager; at its end everything is written. `told` hears why nothing can be kept, "" when it can.

    A record that can't be written is lost: it is only a report. Money is in the journal.
    """

    def __init__(self, path: Path, told: Callable[[str], None]) -> None:
        self._path = path
        self._told = told
        self._problem = ""
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._going: dict[str, list[Event]] = {}
        self._oks: Counter[str] = Counter()
        self._ready: list[RunRecord] = []
        self._recorder = RunRecorder(self._ready.append)
        self._thread = threading.Thread(target=self._keep, name="synthetic-records", daemon=True)

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
            if self._ready:
                self._write()

    def _take_some(self) -> bool:
        """Take events for a while, or until enough is ready. Answers whether this is the end."""
        try:
            while len(self._ready) < _TOGETHER_MAX:
                event = self._events.get(timeout=_FLUSH_S)
                if event is None:
                    return True
                self._take(event)
        except Empty:
            return False
        return False

    def _take(self, event: Event) -> None:
        """Keep a run's events until its end. A run that is recovered here began elsewhere, and has no record."""
        if isinstance(event, RunStarted):
            self._going[event.run_id] = []
            if len(self._going) > GOING_MAX:  # a run that was cut off never ends
                del self._going[next(iter(self._going))]
        events = self._going.get(event.run_id)
        if events is None:
            return
        events.append(event)
        if isinstance(event, RunEnded):
            self._end(event, self._going.pop(event.run_id))

    def _end(self, ended: RunEnded, events: list[Event]) -> None:
        started = events[0]
        assert isinstance(started, RunStarted)
        if ended.outcome is RunOutcome.OK:
            probe = f"{started.scenario}@{started.cell}"
            self._oks[probe] += 1
            if self._oks[probe] % ONE_OK_IN != 1:
                return
        for event in events:
            self._recorder(event)

    def _write(self) -> None:
        records, problem = tuple(self._ready), ""
        self._ready.clear()
        try:
            with RunStore(self._path) as store:
                store.save(records)
        except HarnessError as error:
            problem = str(error)
        if problem != self._problem:
            self._problem = problem
            self._told(problem)
