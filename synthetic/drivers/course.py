"""How a scenario's generator is driven: events go to the sink, effects to the driver, and the returned value is kept."""

from __future__ import annotations

from collections.abc import Generator
from typing import Generic, TypeVar

from synthetic.core.altered import altered
from synthetic.core.effects import Effect, HttpReply, Result, Times
from synthetic.core.events import Event
from synthetic.core.ports import EventSink

T = TypeVar("T")
Scenario = Generator[Effect | Event, Result | None, T]
"""Yields an effect and receives its result, or yields an event and receives None; returns what the run came to."""


class Course(Generic[T]):
    """One pass through a scenario."""

    def __init__(self, scenario: Scenario[T], sink: EventSink) -> None:
        self._scenario = scenario
        self._sink = sink
        self._ended: list[T] = []

    def advance(self, result: Result | None = None) -> Effect | None:
        """Send a result (None to start) and run on to the next effect; None where the scenario has ended."""
        try:
            step = self._scenario.send(result)
            while isinstance(step, Event):
                self._sink(step)
                step = self._scenario.send(None)
        except StopIteration as stop:
            self._ended.append(stop.value)
            return None
        return step

    @property
    def value(self) -> T:
        """What the scenario returned."""
        return self._ended[0]

    def close(self) -> None:
        """Close the generator, so that its `finally` blocks run now."""
        self._scenario.close()


def handed_over(result: Result, handled_ns: int, lag_ns: int = 0) -> Result:
    """The result with the last of its times: when the scenario gets it, and how far our own loop stalled meanwhile."""
    at = result.times
    times = Times(at.started, at.sent, at.received, handled_ns, lag_ns, at.doubt_ns, at.stamped, at.phases)
    if isinstance(result, HttpReply):  # what nearly all are: made anew it costs half of a copy
        return HttpReply(result.status, result.headers, result.body, times)
    return altered(result, times=times)
