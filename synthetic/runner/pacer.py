"""The pacer starts every probe's ticks shortly before their slots, and has each slot that is not played counted, with its reason.

It looks at the plan anew all the time, so that a reload takes effect between two ticks. What is due is the timetable's to decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field

from synthetic.core.plan import Schedule
from synthetic.core.plan_serving import ServingPlan
from synthetic.core.ports import Clock
from synthetic.runner.timetable import MissedSlots, Tick, Timetable

LOOK_EVERY_S = 0.25  # how soon a new plan, a denser probe or a wall clock that was set is noticed
EARLY_S = 0.4  # a tick is written down, admitted and leased before its instant, so that no disk is in its way
SLOTS_TOLD_MAX = 1_000  # of one probe at once: who slept for a day says so with these

Start = Callable[[str, int], Coroutine[None, None, None]]
Miss = Callable[[str, Mapping[int, str]], Coroutine[None, None, None]]


@dataclass(slots=True)
class Pacer:
    """Paces the probes of `plan()`. `start` and `miss` run as tasks of their own.

    `woke`: hears how much too late (seconds) the pacer woke up, which is how its loop's lag is known.
    """

    plan: Callable[[], ServingPlan]
    clock: Clock
    start: Start
    miss: Miss
    woke: Callable[[float], None] = lambda _late_s: None
    timetable: Timetable = field(init=False)
    _paced: ServingPlan = field(init=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._paced = self.plan()
        early_ns = round(EARLY_S * 1e9)
        self.timetable = Timetable(_schedules(self._paced), {}, self.clock.wall_ns(), early_ns=early_ns)

    async def run(self) -> None:
        """Pace for ever, until it is cancelled. What it has started goes on."""
        while True:
            self.look(self.clock.wall_ns())
            await self._pause()

    def look(self, now_ns: int) -> None:
        """Start what is due."""
        plan = self.plan()
        if plan is not self._paced:
            self._paced = plan
            self._act(self.timetable.replace(_schedules(plan), {}, now_ns))
        self._act(self.timetable.tick(now_ns))

    def _act(self, tick: Tick) -> None:
        for missed in tick.missed:
            self._task(self.miss(missed.probe, _told(missed)))
        for due in tick.due:
            self._task(self.start(due.probe, due.slot_ns))

    async def _pause(self) -> None:
        next_ns = self.timetable.next_ns()
        pause_s = LOOK_EVERY_S
        if next_ns is not None:
            pause_s = min(max((next_ns - self.clock.wall_ns()) / 1e9, 0.0), LOOK_EVERY_S)
        slept_from_ns = self.clock.monotonic_ns()
        await asyncio.sleep(pause_s)
        self.woke((self.clock.monotonic_ns() - slept_from_ns) / 1e9 - pause_s)

    def _task(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _schedules(plan: ServingPlan) -> dict[str, Schedule]:
    return {probe.name: probe.schedule for probe in plan.probes}


def _told(missed: MissedSlots) -> dict[int, str]:
    return dict.fromkeys(missed.slots[-SLOTS_TOLD_MAX:], missed.reason.value)
