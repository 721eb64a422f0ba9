"""The desk: answers polls from what was decided last, and sees to it that somebody decides, at most once a second.

Whoever polls waits only for the first decision, or where the last one is too old to be told. The judge works in a thread.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

from synthetic.core.errors import HarnessError
from synthetic.core.ports import Clock
from synthetic.gate.observed import Signal
from synthetic.rollouts.judge import Asked, Judge
from synthetic.rollouts.model import Decided, Ending, Rollout, Step
from synthetic.rollouts.watch import Judged

DECIDE_EVERY_S = 1.0
BUSY_MAX = 0.02
"""The share of a core that deciding should take: what costs 60 ms is decided every 3 s. But never less often than this:"""
DECIDE_AT_LEAST_EVERY_S = 4.0
TOLD_FOR_S = 5.0
"""A decision that is older is not told any more; where none can be made, the gate says that it is broken."""
KEPT_MAX = 256
DECIDING_MAX = 32
"""So many decisions wait at a time: of names that nobody has asked for before each poll needs one."""
SEEN_DECIDING_MAX = 8
"""So many of them of a cell beside another one, which anybody can name: the rest is for rollouts that somebody has begun."""
THREADS = 2
WATCHED_MAX = 16

T = TypeVar("T")


class Busy(HarnessError):  # noqa: N818 - the sentence reads "busy"
    """Too much is asked at once that nobody has decided yet."""


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
    """For one event loop, with threads of its own: those of the loop make the intents of runs durable, and never wait for polls."""

    judge: Judge
    clock: Clock
    notes: Notes | None = None
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "synthetic-gate"))
    _deciding: Counter[bool] = field(default_factory=Counter)  # by whether they are of cells that were named
    _known: OrderedDict[Asked, _Known] = field(default_factory=OrderedDict)
    _problem: str = ""

    async def verdict(self, asked: Asked, *, always: bool = False) -> Judged:
        """What is answered now; `always`: however many wait. Raises Busy, and JournalUnavailable where nothing can be known."""
        known = self._known.pop(asked, None) or _Known()
        self._known[asked] = known
        self._make_room()
        age_s = (self.clock.monotonic_ns() - known.at_ns) / 1e9
        every_s = _every_s(known.judged) if known.judged else 0.0
        if known.judged is not None and age_s < every_s:
            return known.judged
        deciding = known.deciding or self._begin_to_decide(asked, known, always=always)
        if known.judged is not None and age_s < TOLD_FOR_S:
            return known.judged
        if deciding is None:
            raise Busy("too many decisions are waited for already")
        return await asyncio.shield(deciding)

    def _make_room(self) -> None:
        """Names that nobody knows go first: whoever makes them up must not have decisions of rollouts forgotten."""
        if len(self._known) > KEPT_MAX:
            nobodys = (asked for asked, known in self._known.items() if known.judged and known.judged.rollout is None)
            del self._known[next(nobodys, next(iter(self._known)))]

    def _begin_to_decide(self, asked: Asked, known: _Known, *, always: bool) -> asyncio.Task[Judged] | None:
        """None: too many are waited for already."""
        of_cells = not asked.rollout
        full = sum(self._deciding.values()) >= DECIDING_MAX or (
            of_cells and self._deciding[of_cells] >= SEEN_DECIDING_MAX
        )
        if full and not always:
            return None
        self._deciding[of_cells] += 1  # here, as a task that was made has not begun yet
        known.deciding = asyncio.create_task(self._decide(asked, known))
        known.deciding.add_done_callback(partial(self._decided, of_cells))
        return known.deciding

    def _decided(self, of_cells: bool, task: asyncio.Task[Judged]) -> None:  # noqa: FBT001 - a key
        """Whoever awaits it hears of its error; where nobody does, the next poll tries again."""
        self._deciding[of_cells] -= 1
        if not task.cancelled():
            task.exception()

    async def _decide(self, asked: Asked, known: _Known) -> Judged:
        try:
            judged = await self.off_loop(self.judge.judge, asked)
        finally:
            known.deciding = None
        known.judged, known.at_ns = judged, self.clock.monotonic_ns()
        if self.notes is not None and judged.rollout is not None:
            self.notes.decided(judged)
        return judged

    async def off_loop(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do it in one of the gate's own threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments))

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

    async def signal(self, signals: Sequence[Signal], ids: Sequence[str] = ()) -> int:
        """The platform reports something; how much of it is new."""
        return await self._changed(lambda: self.judge.store.signal(signals, ids))

    async def rollout(self, rollout_id: str) -> Rollout | None:
        """The rollout of that id."""
        return await self.off_loop(self.judge.store.rollout, rollout_id)

    async def rollouts(self) -> list[Rollout]:
        """The newest ones, newest first."""
        return await self.off_loop(self.judge.store.rollouts)

    async def decisions(self, rollout_id: str) -> list[Decided]:
        """What was decided of a rollout, oldest first."""
        return await self.off_loop(self.judge.store.decisions, rollout_id)

    async def keep(self) -> None:
        """Judge the open rollouts for ever, asked or not: what changes is kept, audited, and probed denser."""
        while True:
            await self.look()
            await asyncio.sleep(DECIDE_EVERY_S)

    async def look(self) -> None:
        """Once. What can't be judged now is told, and tried again; a bug that one rollout meets holds up none of the others."""
        problem = ""
        try:
            rollouts = await self.off_loop(partial(self.judge.store.rollouts, at_most=WATCHED_MAX, open_only=True))
            for rollout in rollouts:
                problem = await self._look_at(rollout) or problem
            if self.notes is not None:
                self.notes.open_now(rollouts)
        except HarnessError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - as below
            problem = f"the gate can't judge, and this is a bug of synthetic: {error!r}"
        if problem != self._problem and self.notes is not None:
            self.notes.not_judged(problem)
        self._problem = problem

    async def _look_at(self, rollout: Rollout) -> str:
        """What is wrong with its judgement; "": nothing. Raises HarnessError where the store can't be used."""
        try:
            await self.verdict(Asked(rollout=rollout.id), always=True)
        except HarnessError:
            raise
        except Exception as error:  # noqa: BLE001 - it must end neither the gate nor a worker that moves money
            return f"rollout {rollout.id} can't be judged, and this is a bug of synthetic: {error!r}"
        return ""

    async def _changed(self, work: Callable[[], T]) -> T:
        """Change the store; what was decided before is not told any more."""
        changed = await self.off_loop(work)
        self._known.clear()
        return changed


def _every_s(judged: Judged) -> float:
    return min(max(DECIDE_EVERY_S, judged.cpu_s / BUSY_MAX), DECIDE_AT_LEAST_EVERY_S)
