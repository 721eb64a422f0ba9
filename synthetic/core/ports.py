"""The small protocols through which siblings meet: what a driver needs from a journal, a clock, a sink of events."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
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
    """A journal that can make several calls durable at once."""

    @property
    def shares(self) -> Hashable:
        """Journals that answer the same share their commits: each of them takes the calls of all."""

    def together(self, calls: Sequence[Callable[[], None]], /) -> list[Exception | None]:
        """Make the calls in order; answers what each raised. All are durable when this returns.

        They may be made more than once. Raises JournalUnavailable where nothing was promised.
        """


def committing(journal: Journal) -> CommitsTogether:
    """The journal itself, or one by one where it can't."""
    return journal if isinstance(journal, CommitsTogether) else _OneByOne(journal)


@dataclass(frozen=True, slots=True)
class _OneByOne:
    journal: Journal

    @property
    def shares(self) -> Hashable:
        return id(self.journal)  # the object itself: it may have no hash, or be equal to another one

    def together(self, calls: Sequence[Callable[[], None]], /) -> list[Exception | None]:
        return [_raised_by(call) for call in calls]


def _raised_by(call: Callable[[], None]) -> Exception | None:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - told to whoever made the call
        return error
    return None


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
