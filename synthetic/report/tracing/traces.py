"""From a run's events to the spans of its trace: one for the run, one for each request that carried its context."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from synthetic.core.events import Event, ExchangeDone, RunEnded, RunStarted
from synthetic.core.machine.state import trace_id
from synthetic.core.ports import Clock

OPEN_MAX = 10_000
SPANS_MAX = 500  # of one run


@dataclass(frozen=True, slots=True)
class RunTrace:
    """A run that ended. `wall_offset_ns` turns a monotonic time of it into Unix nanoseconds.

    `started` is None for a run that another process began and this one recovered.
    """

    trace_id: str
    span_id: str
    wall_offset_ns: int
    ended: RunEnded
    started: RunStarted | None = None
    exchanges: tuple[ExchangeDone, ...] = ()

    def begin_ns(self) -> int:
        """When it began, in Unix nanoseconds."""
        if self.started is not None:
            return self.started.wall_ns
        first = min((exchange.times.started for exchange in self.exchanges), default=self.ended.at_ns)
        return first + self.wall_offset_ns


@dataclass(slots=True)
class _Going:
    offset_ns: int
    started: RunStarted | None = None
    exchanges: dict[str, ExchangeDone] = field(default_factory=dict)


class TraceSink:
    """An EventSink that hands out the trace of each run at its end. An exchange costs one dictionary entry until then."""

    def __init__(self, deliver: Callable[[RunTrace], None], clock: Clock) -> None:
        self._deliver = deliver
        self._clock = clock
        self._going: dict[str, _Going] = {}

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
        if isinstance(event, RunStarted):
            self._keep(event.run_id, _Going(event.wall_ns - event.at_ns, event))
        elif isinstance(event, ExchangeDone):
            # Frames have no trace context of their own; of requests that left at once under one, the first stands for all.
            if event.span_id:
                going = self._going.get(event.run_id) or self._keep(event.run_id, self._elsewhere())
                if len(going.exchanges) < SPANS_MAX:
                    going.exchanges.setdefault(event.span_id, event)
        elif isinstance(event, RunEnded):
            going = self._going.pop(event.run_id) if event.run_id in self._going else self._elsewhere()
            started, exchanges = going.started, tuple(going.exchanges.values())
            run = event.run_id
            trace = started.trace_id if started is not None else trace_id(run)
            self._deliver(RunTrace(trace, run_span_id(run), going.offset_ns, event, started, exchanges))

    def _elsewhere(self) -> _Going:
        """A run that another process began: its money comes home here, under the same trace."""
        return _Going(self._clock.wall_ns() - self._clock.monotonic_ns())

    def _keep(self, run_id: str, going: _Going) -> _Going:
        self._going[run_id] = going
        if len(self._going) > OPEN_MAX:  # a run that was cut off never ends
            del self._going[next(iter(self._going))]
        return going


def run_span_id(run_id: str) -> str:
    """The span of the run itself, the parent of its requests' spans: 16 hexadecimal digits."""
    return hashlib.sha256(f"span:{run_id}:run".encode()).hexdigest()[:16]
