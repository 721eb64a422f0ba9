"""The journal of one run as an asyncio driver asks it: what nobody waits for is written with the next thing that somebody does.

A thread is asked once for all of it, and where the journal can, it is one commit. What nobody waits for may wait until the run next
moves money, sleeps or receives, or until its end: exchanges that move nothing write nothing. What is not written when a process
dies costs whoever brings its run home an idempotent query.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from synthetic.core.effects import Intent, Resolve
from synthetic.core.errors import HarnessError, JournalUnavailable
from synthetic.core.ports import CommitsTogether, Journal


class Notebook:
    """Writes into the journal in the order in which it is told to."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._together = journal.together if isinstance(journal, CommitsTogether) else _one_by_one
        self._later: list[Callable[[], None]] = []

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
                await self._write(_nothing)
            except HarnessError:
                return

    async def _write(self, awaited: Callable[[], None]) -> None:
        calls, self._later = [*self._later, awaited], []
        if len(calls) == 1:
            await asyncio.to_thread(awaited)
            return
        try:
            *others, own = await asyncio.to_thread(self._together, calls)
        except JournalUnavailable:
            self._later = [*calls[:-1], *self._later]  # the run may go on, and whoever awaits something does it again
            raise
        mistakes = [error for error in others if error is not None and not isinstance(error, HarnessError)]
        for error in (*mistakes, own):
            if error is not None:
                raise error


def _one_by_one(calls: Sequence[Callable[[], None]]) -> list[Exception | None]:
    return [_outcome_of(call) for call in calls]


def _outcome_of(call: Callable[[], None]) -> Exception | None:
    """What a call raised."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - raised again by whoever awaits it
        return error
    return None


def _nothing() -> None:
    """Nobody awaits anything."""
