"""The small protocols through which siblings meet: what a driver needs from a journal, a clock, a sink of events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from synthetic.core.effects import Intent
from synthetic.core.events import Event
from synthetic.core.outcome import IntentState


class Clock(Protocol):
    """A monotonic clock for durations and a wall clock for display, in nanoseconds."""

    def monotonic_ns(self) -> int:
        """Nanoseconds of a clock that never goes back."""

    def wall_ns(self) -> int:
        """Nanoseconds since the Unix epoch, UTC."""


class Journal(Protocol):
    """Where money effects are recorded before they happen. Calls block until durable; asyncio drivers call them in a thread."""

    def intend(self, intent: Intent) -> None:
        """Make the intent durable. Raises HarnessError where it can't be; then nothing may be sent."""

    def resolve(self, key: str, state: IntentState) -> None:
        """Record what became of an intent."""


@runtime_checkable
class CommitsTogether(Protocol):
    """A journal that can make several of its calls durable at once."""

    def together(self, calls: Sequence[Callable[[], None]], /) -> list[Exception | None]:
        """Make the calls in order; answers what each raised. All are durable when this returns.

        Raises JournalUnavailable where nothing was promised.
        """


class EventSink(Protocol):
    """A reader of the one stream of events."""

    def __call__(self, event: Event, /) -> None:
        """Take one event. Must not raise and must not block."""


def fan_out(sinks: Sequence[EventSink]) -> EventSink:
    """One sink that passes each event to all of them, in order."""

    def deliver(event: Event) -> None:
        for sink in sinks:
            sink(event)

    return deliver
