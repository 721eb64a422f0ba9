"""What a worker needs of the world, and gets passed in: so the same worker runs in production and on a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar

from synthetic.core.machine.state import Machine
from synthetic.core.ports import Clock, EventSink, Journal
from synthetic.journal.book import Book
from synthetic.journal.model import Caps, Lease
from synthetic.journal.run_journal import RunJournal

P = ParamSpec("P")
T = TypeVar("T")


class Player(Protocol):
    """A driver: performs the effects of a run against one cell."""

    async def run(self, scenario: Machine[T], /, *, sink: EventSink, journal: Journal) -> T:
        """Play a scenario to its end and return what it returns."""


class OffLoop(Protocol):
    """Runs a blocking call where it holds nobody up: `asyncio.to_thread`, or at once where time is virtual."""

    def __call__(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        """Answer what the call answers."""


@dataclass(frozen=True, slots=True)
class Outside:
    """The book, the clock, the drivers by the name of their cell, and where events go.

    `journal`: what the driver of one run gets, made of the book, the run's lease and its caps.
    """

    book: Book
    clock: Clock
    driver: Callable[[str], Player]
    sink: EventSink
    off_loop: OffLoop = asyncio.to_thread
    journal: Callable[[Book, Lease, Sequence[Caps]], Journal] = RunJournal
