"""The journal of one run as an asyncio driver asks it: what nobody waits for is written with the next thing that somebody does.

What nobody waits for may wait until the run next moves money, sleeps or receives, or until its end: exchanges that move nothing
write nothing. What is not written when a process dies costs whoever brings its run home an idempotent query.

A `Desk` writes for all runs of a driver: one thread is at it at a time, and what comes meanwhile is written together behind it.
Threads that wait for each other's commit would fight with the loop for the interpreter's lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial

from synthetic.core.effects import Intent, Resolve
from synthetic.core.errors import HarnessError, JournalUnavailable
from synthetic.core.ports import CommitsTogether, Journal, committing

Call = Callable[[], None]
Outcomes = list[Exception | None]
_Place = tuple[asyncio.AbstractEventLoop, Hashable]  # where the loop's threads write, and what they share there


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one run writes; `told`: what each call raised."""

    calls: Sequence[Call]
    told: asyncio.Future[Outcomes] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def fail(self, error: BaseException) -> None:
        if not self.told.done():
            self.told.set_exception(error)

    def tell(self, outcomes: Outcomes) -> None:
        if not self.told.done():
            self.told.set_result(outcomes)


class Desk:
    """Hands calls over to a thread, for journals that share commits one group after the other."""

    def __init__(self) -> None:
        self._waiting: dict[_Place, list[_Batch]] = {}  # behind a write that is going

    async def write(self, journal: CommitsTogether, calls: Sequence[Call]) -> Outcomes:
        """Answer what each call raised, once all are durable. Raises what `together` does.

        They are made also where nobody waits for them any more.
        """
        batch, place = _Batch(calls), (asyncio.get_running_loop(), journal.shares)
        if place in self._waiting:
            self._waiting[place].append(batch)
        else:
            self._begin(place, journal, [batch])
        return await batch.told

    def _begin(self, place: _Place, journal: CommitsTogether, group: Sequence[_Batch]) -> None:
        calls = [call for batch in group for call in batch.calls]
        going = asyncio.get_running_loop().run_in_executor(None, journal.together, calls)
        self._waiting[place] = []
        going.add_done_callback(partial(self._end, place, journal, group))

    def _end(
        self,
        place: _Place,
        journal: CommitsTogether,
        group: Sequence[_Batch],
        went: asyncio.Future[Outcomes],
    ) -> None:
        """Have the next group written, and tell this one."""
        waiting = self._waiting.pop(place)
        if waiting:
            try:
                self._begin(place, journal, waiting)
            except RuntimeError as closed:  # the loop has no threads any more
                _fail(waiting, closed)
        try:
            outcomes = iter(went.result())
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            _fail(group, error)
            return
        for batch in group:
            batch.tell([next(outcomes) for _ in batch.calls])


def _fail(group: Sequence[_Batch], error: BaseException) -> None:
    for batch in group:
        batch.fail(error)


class Notebook:
    """Writes into the journal in the order in which it is told to."""

    def __init__(self, journal: Journal, desk: Desk) -> None:
        self._journal = journal
        self._committing = committing(journal)
        self._desk = desk
        self._later: list[Call] = []

    async def intend(self, intent: Intent) -> None:
        """The intent is durable when this returns. Raises what the journal raises."""
        await self._write(partial(self._journal.intend, intent))

    async def resolve(self, told: Resolve) -> None:
        """What became of an intent, durable when this returns unless nobody awaits it. Raises what the journal raises."""
        call = partial(self._journal.resolve, told.key, told.state)
        if told.awaited:
            await self._write(call)
        else:
            self._later.append(call)

    async def catch_up(self) -> None:
        """Write what waits. That the journal is away, or the run another worker's, is told to whoever awaits something."""
        if self._later:
            try:
                await self._write()
            except HarnessError:
                return

    async def _write(self, *awaited: Call) -> None:
        calls, self._later = [*self._later, *awaited], []
        others = len(calls) - len(awaited)
        try:
            outcomes = await self._desk.write(self._committing, calls)
        except JournalUnavailable:
            # The run may go on, and whoever awaits something does it again.
            self._later = [*calls[:others], *self._later]
            raise
        mistakes = [error for error in outcomes[:others] if not isinstance(error, HarnessError)]
        for error in (*mistakes, *outcomes[others:]):
            if error is not None:
                raise error
