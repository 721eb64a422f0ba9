"""Run records of a service, for `synthetic explain`: of every run that was not ok, and of one in ten that was.

They are put together and written in a thread of their own, as a record costs more than many a run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from synthetic.core.events import Event, RunEnded, RunStarted
from synthetic.core.outcome import RunOutcome
from synthetic.report.recorder import RunRecorder
from synthetic.report.records import RunRecord
from synthetic.report.run_keeper import RunKeeper
from synthetic.report.store import RunStore

ONE_OK_IN = 10
GOING_MAX = 10_000
PENDING_MAX = 1_000


def record_keeper(path: Path, told: Callable[[str], None]) -> RunKeeper[RunRecord]:
    """An EventSink and a context manager. `told` hears why nothing can be kept, "" when it can again.

    A record that is lost is only a report lost: money is in the journal.
    """

    def write(records: Sequence[RunRecord]) -> None:
        with RunStore(path) as store:
            store.save(records)

    return RunKeeper("synthetic-records", RecordFold(), write, told, pending_max=PENDING_MAX)


class RecordFold:
    """Makes the record of a run at its end, where one is kept: until then an event costs one append."""

    def __init__(self) -> None:
        self._going: dict[str, list[Event]] = {}
        self._oks: Counter[str] = Counter()

    def take(self, event: Event) -> RunRecord | None:
        """Keep a run's events until its end. A run that is recovered here began elsewhere, and has no record."""
        if isinstance(event, RunStarted):
            self._going[event.run_id] = []
            if len(self._going) > GOING_MAX:  # a run that was cut off never ends
                del self._going[next(iter(self._going))]
        events = self._going.get(event.run_id)
        if events is None:
            return None
        events.append(event)
        if not isinstance(event, RunEnded):
            return None
        del self._going[event.run_id]
        return _record_of(events) if self._is_kept(event, events[0]) else None

    def _is_kept(self, ended: RunEnded, started: Event) -> bool:
        assert isinstance(started, RunStarted)
        if ended.outcome is not RunOutcome.OK:
            return True
        probe = f"{started.scenario}@{started.cell}"
        self._oks[probe] += 1
        return self._oks[probe] % ONE_OK_IN == 1


def _record_of(events: Sequence[Event]) -> RunRecord | None:
    made: list[RunRecord] = []
    recorder = RunRecorder(made.append)
    for event in events:
        recorder(event)
    return made[-1] if made else None
