"""A worker's duty: pace the probes, play their ticks, keep its leases, bring home what was left open, and take over from the dead.

It decides nothing about HTTP, files or signals: `cli/serving` puts those around it, and the simulation its virtual world.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from synthetic.core.errors import FencedOff, JournalUnavailable
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan_serving import ProbePlan, ServingPlan
from synthetic.journal.model import Caps, Claimed, Lease, RunRow
from synthetic.runner.dispatch.port import Dispatch
from synthetic.runner.gaps import LOOK_BACK_NS, LOOKED, GapFinder, begins_at, looked_until
from synthetic.runner.grid import Grid
from synthetic.runner.identity import pair_id
from synthetic.runner.pacer import Pacer
from synthetic.runner.policy import Refusal
from synthetic.runner.specs import Part, Turn
from synthetic.runner.timetable import Missed
from synthetic.runner.unhurried import unhurried
from synthetic.runner.worker import Ticked, TickPlan, Worker

LOOK_FOR_OPEN_S = 1.0
KEPT_S = 35 * 86_400.0  # settled runs and slots that are older are forgotten
FORGET_EVERY_S = 600.0
BROKE_AGAIN_S = 60.0
SILENT_LEASES = 1.0  # a worker that has not been heard of for so many times a lease is dead
GAPS = "(gaps)"
_MS = 1_000_000


Refuse = Callable[[ProbePlan, int], Awaitable[Refusal | None]]
"""Whether a probe may be played now: the kill switch, maintenance, policy and preflight, and the runner's own health."""

BringHome = Callable[[RunRow, Lease], Awaitable[None]]
"""Brings home what an open run has moved, under a lease that was taken over for it (`runner.compensator`)."""


class Notes(Protocol):
    """Who hears of what a worker does beside its runs: metrics, audit, logs."""

    def slot_due(self, probe: str, lag_s: float) -> None:
        """A slot came, and its tick began so much later."""

    def slot_missed(self, probe: str, slot_ns: int, word: str, why: str) -> None:
        """A slot that was due was not played."""

    def took_over(self, row: RunRow, lease: Lease) -> None:
        """An open run whose worker is gone is ours now."""

    def not_recovered(self, run_id: str, error: str) -> None:
        """Bringing a run home broke on our own side; it is tried again."""

    def journal(self, error: str) -> None:
        """Whether the journal can be used: why not, or "" where it can."""


@dataclass(slots=True)
class Duty:
    """One worker on duty. Use `run` for all of it; the parts are public for those who drive them by themselves."""

    worker: Worker
    plan: Callable[[], ServingPlan]
    dispatch: Dispatch
    refuse: Refuse
    bring_home: BringHome
    notes: Notes
    woke: Callable[[float], None] = lambda _late_s: None
    pacer: Pacer = field(init=False)
    _gaps: GapFinder = field(default_factory=GapFinder)
    _recovering: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _forgets_at_ns: int = 0

    def __post_init__(self) -> None:
        self.pacer = Pacer(
            plan=self.plan,
            clock=self.worker.outside.clock,
            start=self._start,
            miss=self._miss_named,
            woke=self.woke,
        )

    async def run(self) -> None:
        """Be on duty until cancelled. Raises JournalUnavailable where there is no journal to begin with."""
        await self.begin()
        async with asyncio.TaskGroup() as group:
            for part in (self.pacer.run, self.worker.keep_leases, self.keep_books):
                group.create_task(part())

    async def finish(self) -> None:
        """What a worker still does when no run begins any more: keep its leases and bring money home, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for part in (self.worker.keep_leases, self.keep_books):
                group.create_task(part())

    async def play(self, probe_name: str, slot_ns: int) -> str:
        """Play one slot, as the dispatcher asks for it. Answers what became of it."""
        probe = self.plan().probe(probe_name)
        if probe is None:
            return "the probe is gone"
        clock = self.worker.outside.clock
        lag_ns = clock.wall_ns() - slot_ns
        late = f"it came {lag_ns / 1e9:.1f} s late"
        refusal = Refusal("in-time", late, Missed.LAG) if self._is_late(probe, lag_ns) else None
        refusal = refusal or await self.refuse(probe, slot_ns)
        if refusal is not None:
            await self.miss(probe_name, {slot_ns: refusal.reason.value}, refusal.sentence)
            return refusal.reason.value
        self.pacer.timetable.started(probe_name)
        try:
            ticked = await self.worker.play(self._tick(probe, slot_ns, clock.monotonic_ns() - lag_ns))
        finally:
            self.pacer.timetable.ended(probe_name)
        return self._told(probe, slot_ns, ticked)

    def _is_late(self, probe: ProbePlan, lag_ns: int) -> bool:
        """A tick that is entered again after a crash, or that waited too long, is not played any more."""
        return lag_ns > Grid.of(probe.name, probe.schedule).late_max_ns

    def _told(self, probe: ProbePlan, slot_ns: int, ticked: Ticked) -> str:
        if ticked.missed:
            self.notes.slot_missed(probe.name, slot_ns, ticked.missed, ticked.why)
            self.notes.journal(ticked.why if ticked.missed == Missed.JOURNAL else "")
            return ticked.missed
        if not ticked.runs:
            return "another worker has it"
        self.notes.slot_due(probe.name, ticked.lag_s)
        return ",".join(run.outcome for run in ticked.runs)

    def _tick(self, probe: ProbePlan, slot_ns: int, due_ns: int) -> TickPlan:
        number, row = slot_ns // _MS, dict(probe.row)
        parts = tuple(Part(scenario, cell) for scenario, cell in probe.sides)
        pair = pair_id(self.worker.seed, probe.name, row, number) if len(parts) > 1 else ""
        # Another worker may still be at the slot before; the timetable knows of ours only.
        since_ns = slot_ns - int((probe.schedule.deadline_s + self.worker.lease_s) * 1e9)
        turn = Turn(parts, row, number, pair)
        return TickPlan(probe.name, slot_ns, due_ns, turn, caps_of(self.plan()), since_ns)

    async def _start(self, probe: str, slot_ns: int) -> None:
        try:
            await self.dispatch.start(probe, slot_ns)
        except JournalUnavailable as error:
            await self.miss(probe, {slot_ns: Missed.JOURNAL.value}, str(error))

    async def _miss_named(self, probe: str, slots: Mapping[int, str]) -> None:
        await self.miss(probe, slots)

    async def miss(self, probe: str, slots: Mapping[int, str], why: str = "") -> None:
        """Count slots as missed, where no other worker has played or counted them."""
        outside = self.worker.outside
        for slot_ns, word in slots.items():
            self.notes.slot_missed(probe, slot_ns, word, why)
        try:
            await outside.off_loop(outside.book.miss_slots, probe, slots)
        except JournalUnavailable as error:
            self.notes.journal(str(error))

    async def begin(self) -> None:
        """Note up to when the slots of each probe are known: what is behind was missed. Raises JournalUnavailable."""
        outside = self.worker.outside
        book, off_loop, now_ns = outside.book, outside.off_loop, outside.clock.wall_ns()
        day_ns = now_ns - LOOK_BACK_NS
        probes = self.plan().probes
        looked_ns = looked_until(await off_loop(book.slots, GAPS, day_ns))
        last = await off_loop(book.last_slots, [probe.name for probe in probes])
        async for probe in unhurried(probes):
            # Only before anybody has looked: a thousand probes have a million slots a day, and reading them takes 10 s.
            reads = looked_ns is None and probe.name in last
            known = await off_loop(book.slots, probe.name, day_ns) if reads else []
            self._gaps.begin(probe.name, probe.schedule, begins_at(known, last.get(probe.name), looked_ns, now_ns))
        await self._end_slots_of(self.worker.name)  # of an earlier process under this name

    async def count_gaps(self) -> None:
        """Count the slots that nobody has played or counted and that no living worker can still be at.

        One worker looks for all of them. Raises JournalUnavailable.
        """
        outside, lease_ns = self.worker.outside, int(self.worker.lease_s * 1e9)
        book, off_loop = outside.book, outside.off_loop
        until_ns = outside.clock.wall_ns() - lease_ns
        round_ns = until_ns // lease_ns * lease_ns
        if await off_loop(book.claim_slot, GAPS, round_ns, self.worker.name) != Claimed():
            return
        lately_ns = until_ns - 2 * lease_ns
        together = await self._known_since(lately_ns)
        async for probe in unhurried(self.plan().probes):
            since_ns = self._gaps.since(probe.name, probe.schedule, until_ns)
            if since_ns >= lately_ns:
                known = together.get(probe.name, ())
            else:
                known = [slot.slot_ns for slot in await off_loop(book.slots, probe.name, since_ns)]
            gaps = self._gaps.find(probe.name, probe.schedule, until_ns, known)
            if gaps:
                await off_loop(book.miss_slots, probe.name, dict.fromkeys(gaps, Missed.DOWN.value))
                for slot_ns in gaps:
                    self.notes.slot_missed(probe.name, slot_ns, Missed.DOWN.value, "no worker was there")
            self._gaps.looked(probe.name, probe.schedule, until_ns)
        await off_loop(book.end_slot, GAPS, round_ns, LOOKED)

    async def _known_since(self, since_ns: int) -> Mapping[str, Sequence[int]]:
        """The slots of all probes from an instant on, read at once: ten thousand reads would keep a core busy for a second."""
        outside, known = self.worker.outside, defaultdict[str, list[int]](list)
        for slot in await outside.off_loop(outside.book.slots, None, since_ns):
            known[slot.probe].append(slot.slot_ns)
        return known

    async def keep_books(self) -> None:
        """For ever: say that we live, take over from those who don't, and bring home what is open and due."""
        while True:
            try:
                await self.look_after()
                await self._forget_old()
                self.notes.journal("")
            except JournalUnavailable as error:
                self.notes.journal(str(error))
            await asyncio.sleep(LOOK_FOR_OPEN_S)

    async def look_after(self) -> None:
        """Once. Raises JournalUnavailable."""
        outside, name = self.worker.outside, self.worker.name
        book, off_loop = outside.book, outside.off_loop
        await off_loop(book.beat, name)
        await self.worker.end_slots()
        for dead in await off_loop(book.dead_workers, SILENT_LEASES * self.worker.lease_s):
            if dead != name:
                await self._bury(dead)
        await self.count_gaps()
        await self.worker.renew_leases()  # behind an outage a lease may be over whose run still goes on here
        for row in await off_loop(book.recoverable, name):
            if not self.worker.holds(row.run.run_id):
                await self._recover(row)

    async def _forget_old(self) -> None:
        """A journal that grew for ever would fill its disk. Raises JournalUnavailable."""
        outside, now_ns = self.worker.outside, self.worker.outside.clock.wall_ns()
        if now_ns >= self._forgets_at_ns:
            before_ns = now_ns - int(KEPT_S * 1e9)
            forgotten = await outside.off_loop(outside.book.forget, before_ns) + await self.dispatch.forget(before_ns)
            self._forgets_at_ns = now_ns + (0 if forgotten else int(FORGET_EVERY_S * 1e9))

    async def _bury(self, dead: str) -> None:
        """Continue what a dead worker had started, and end the slots that it was at. Its leases run out by themselves."""
        outside = self.worker.outside
        await self.dispatch.take_over(dead)
        await self._end_slots_of(dead)
        await outside.off_loop(outside.book.forget_worker, dead)

    async def _end_slots_of(self, gone: str) -> None:
        """Whoever was at them is gone: without an end they would hold up the slots behind them."""
        book, off_loop = self.worker.outside.book, self.worker.outside.off_loop
        for slot in await off_loop(book.unended_slots, gone):
            await off_loop(book.end_slot, slot.probe, slot.slot_ns, RunOutcome.ABORTED.value)

    async def _recover(self, row: RunRow) -> None:
        outside, run = self.worker.outside, row.run.run_id
        lease = await outside.off_loop(outside.book.take_over, run, self.worker.name, self.worker.lease_s)
        if lease is None:
            return
        self.notes.took_over(row, lease)
        self.worker.hold(lease)

        async def bring() -> None:
            try:
                await self.bring_home(row, lease)
            except Exception as error:  # noqa: BLE001 - nobody waits for this task: what breaks in it would be silence
                await self._put_back(lease, type(error).__name__)  # its text may hold a secret
            finally:
                self.worker.let_go(lease)

        task = asyncio.ensure_future(bring())
        self._recovering[run] = task
        task.add_done_callback(lambda _task: self._recovering.pop(run, None))

    async def _put_back(self, lease: Lease, broke: str) -> None:
        """Have a run whose recovery broke tried again, not at once: by then another release may be here."""
        outside, error = self.worker.outside, f"our own code failed: {broke}"
        self.notes.not_recovered(lease.run_id, error)
        next_try_ns = outside.clock.wall_ns() + int(BROKE_AGAIN_S * 1e9)
        with suppress(FencedOff, JournalUnavailable):  # else its lease runs out, and it is open all the same
            await outside.off_loop(outside.book.postpone, lease, error, next_try_ns=next_try_ns)

    @property
    def busy(self) -> bool:
        """Whether runs or recoveries are going."""
        return bool(self.worker.running or self._recovering)


def caps_of(plan: ServingPlan) -> tuple[Caps, ...]:
    """The budgets of a plan, as the journal reserves them."""
    return tuple(Caps(budget.run, budget.account_day, budget.day, budget.outstanding) for budget in plan.budgets)
