"""Events of interleaved runs, folded run by run: what is kept of a run until its end, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from synthetic.core.events import Event, RunEnded, RunStarted

Open = TypeVar("Open")
Made = TypeVar("Made")


class RunFold(Generic[Open, Made]):
    """Takes the events of any number of interleaved runs; hands out what a run comes to at its end.

    `begin` makes what is kept of a run, `keep` takes an event into it, `end` makes the result.
    """

    def __init__(
        self,
        begin: Callable[[RunStarted], Open],
        keep: Callable[[Open, Event], None],
        end: Callable[[Open, RunEnded], Made],
    ) -> None:
        self._begin, self._keep, self._end = begin, keep, end
        self._open: dict[str, Open] = {}

    @property
    def open_runs(self) -> int:
        """How many runs have begun and not ended."""
        return len(self._open)

    def take(self, event: Event) -> Made | None:
        """Fold one event in. Events of a run that never began are left aside: there is nothing to add them to."""
        if isinstance(event, RunStarted):
            self._open[event.run_id] = self._begin(event)
            return None
        run = self._open.get(event.run_id)
        if run is None:
            return None
        if isinstance(event, RunEnded):
            del self._open[event.run_id]
            return self._end(run, event)
        self._keep(run, event)
        return None
