"""Users who wait for each other: each is held before one operation until an instant, and then all of them go on at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from gevent.event import Event as Flag

from synthetic.core.effects import Effect, Result, Times
from synthetic.core.events import Event, StepStarted
from synthetic.drivers.course import Scenario

T = TypeVar("T")


class Gathering:
    """Where users wait. It opens at `at_s` of the clock, or early where the test ends; then nobody waits any more."""

    def __init__(self, operation: str, at_s: float, now_s: Callable[[], float]) -> None:
        self.operation = operation
        self._at_s = at_s
        self._now_s = now_s
        self._open = Flag()

    def open(self) -> None:
        """Let everybody go on."""
        self._open.set()

    def wait(self) -> int:
        """Wait with the others; answers for how long, in nanoseconds."""
        began_s = self._now_s()
        if began_s < self._at_s:
            self._open.wait(self._at_s - began_s)
        return int((self._now_s() - began_s) * 1e9)


def gathered(scenario: Scenario[T], gathering: Gathering) -> Scenario[T]:
    """The same scenario, held before its first step of that operation.

    The scenario knows time by what it is answered, and is to know nothing of the wait: no deadline of a step runs meanwhile.
    """
    held_ns, waited = 0, False
    result: Result | None = None
    try:
        while True:
            try:
                step: Effect | Event = scenario.send(result)
            except StopIteration as stop:
                value: T = stop.value
                return value
            if isinstance(step, StepStarted) and step.operation == gathering.operation and not waited:
                waited, held_ns = True, gathering.wait()
            result = yield step
            if held_ns and result is not None:
                result = replace(result, times=_earlier(result.times, held_ns))
    finally:
        scenario.close()


def _earlier(times: Times, by_ns: int) -> Times:
    return replace(
        times,
        started=times.started - by_ns,
        sent=times.sent - by_ns,
        received=times.received - by_ns,
        handled=times.handled - by_ns,
    )
