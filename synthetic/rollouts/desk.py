"""The desk: answers polls from what was decided last, and sees to it that somebody decides, at most once a second.

Whoever polls waits only for the first decision, or where the last one is too old to be told. The judge works in a thread.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from synthetic.core.errors import HarnessError
from synthetic.core.ports import Clock
from synthetic.gate.observed import Signal
from synthetic.rollouts.judge import Asked, Judge
from synthetic.rollouts.model import Decided, Ending, Rollout, Step
from synthetic.rollouts.watch import Judged

DECIDE_EVERY_S = 1.0
BUSY_MAX = 0.05
"""The share of a core that deciding may take: a decision that took 0.1 s is made every 2 s."""
TOLD_FOR_S = 5.0
"""A decision that is older is not told any more; where none can be made, the gate says that it is broken."""
KEPT_MAX = 256
WATCHED_MAX = 16

T = TypeVar("T")


class Notes(Protocol):
    """Who hears of what is decided. Called on the event loop; must neither block nor raise."""

    def decided(self, judged: Judged) -> None:
        """A decision was made of a rollout, changed or not."""

    def open_now(self, rollouts: Sequence[Rollout]) -> None:
        """These rollouts are under way."""

    def not_judged(self, problem: str) -> None:
        """Why open rollouts can't be judged; "": they can again."""


@dataclass(slots=True)
class _Known:
    judged: Judged | None = None
    at_ns: int = 0
    deciding: asyncio.Task[Judged] | None = None


@dataclass(slots=True)
class Desk:
    """For one event loop."""

    judge: Judge
    clock: Clock
    notes: Notes | None = None
    _known: OrderedDict[Asked, _Known] = field(default_factory=OrderedDict)
    _problem: str = ""

    async def verdict(self, asked: Asked) -> Judged:
        """What is answered now. Raises JournalUnavailable where nothing can be known."""
        known = self._known.pop(asked, None) or _Known()
        self._known[asked] = known
        if len(self._known) > KEPT_MAX:
            self._known.popitem(last=False)
        age_s = (self.clock.monotonic_ns() - known.at_ns) / 1e9
        every_s = max(DECIDE_EVERY_S, known.judged.took_s / BUSY_MAX) if known.judged else 0.0
        if known.judged is not None and age_s < every_s:
            return known.judged
        if known.deciding is None:
            known.deciding = asyncio.create_task(self._decide(asked, known))
            known.deciding.add_done_callback(_looked_at)
        if known.judged is not None and age_s < max(TOLD_FOR_S, 2 * every_s):
            return known.judged
        return await asyncio.shield(known.deciding)

    async def _decide(self, asked: Asked, known: _Known) -> Judged:
        try:
            judged = await asyncio.to_thread(self.judge.judge, asked)
        finally:
            known.deciding = None
        known.judged, known.at_ns = judged, self.clock.monotonic_ns()
        if self.notes is not None and judged.rollout is not None:
            self.notes.decided(judged)
        return judged

    async def begin(self, rollout: Rollout) -> Rollout:
        """Begin a rollout, or answer the one that was begun under that id. Raises JournalUnavailable, as all that follow."""
        return await self._changed(lambda: self.judge.store.begin(rollout))

    async def step(self, rollout_id: str, weight: int) -> Rollout | None:
        """The canary takes so many percent of the traffic from now on."""
        step = Step(weight, self.clock.wall_ns())
        return await self._changed(lambda: self.judge.store.step(rollout_id, step))

    async def end(self, rollout_id: str, ending: Ending) -> Rollout | None:
        """The rollout is over."""
        return await self._changed(lambda: self.judge.store.end(rollout_id, ending, self.clock.wall_ns()))

    async def signal(self, signals: Sequence[Signal]) -> None:
        """The platform reports something."""
        await self._changed(lambda: self.judge.store.signal(signals))

    async def rollout(self, rollout_id: str) -> Rollout | None:
        """The rollout of that id."""
        return await asyncio.to_thread(self.judge.store.rollout, rollout_id)

    async def rollouts(self) -> list[Rollout]:
        """The newest ones, newest first."""
        return await asyncio.to_thread(self.judge.store.rollouts)

    async def decisions(self, rollout_id: str) -> list[Decided]:
        """What was decided of a rollout, oldest first."""
        return await asyncio.to_thread(self.judge.store.decisions, rollout_id)

    async def keep(self) -> None:
        """Judge the open rollouts for ever, asked or not: what changes is kept, audited, and probed denser."""
        while True:
            await self.look()
            await asyncio.sleep(DECIDE_EVERY_S)

    async def look(self) -> None:
        """Once. What can't be judged now is told, and tried again."""
        problem = ""
        try:
            rollouts = await asyncio.to_thread(self.judge.store.rollouts, at_most=WATCHED_MAX, open_only=True)
            for rollout in rollouts:
                await self.verdict(Asked(rollout=rollout.id))
            if self.notes is not None:
                self.notes.open_now(rollouts)
        except HarnessError as error:
            problem = str(error)
        if problem != self._problem and self.notes is not None:
            self.notes.not_judged(problem)
        self._problem = problem

    async def _changed(self, work: Callable[[], T]) -> T:
        """Change the store; what was decided before is not told any more."""
        changed = await asyncio.to_thread(work)
        self._known.clear()
        return changed


def _looked_at(task: asyncio.Task[Judged]) -> None:
    """Whoever awaits it hears of its error; where nobody does, the next poll tries again."""
    if not task.cancelled():
        task.exception()
