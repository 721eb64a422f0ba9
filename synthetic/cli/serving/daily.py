"""The comparison of journal, ledger and PSP reports on the schedule: by one worker, once for each of its instants."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from synthetic.cli.serving.drivers import Drivers
from synthetic.cli.serving.telling import Telling
from synthetic.core.errors import JournalUnavailable
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan_serving import ServingPlan
from synthetic.journal.entry import JournalEntry
from synthetic.journal.model import Claimed, Slot
from synthetic.runner.appointments import is_due, last_done
from synthetic.runner.kept_leases import KeptLeases
from synthetic.runner.maintenance import DAY_NS
from synthetic.runner.outside import Outside
from synthetic.runner.reconcile import PROBE, Reconciler, Reconciliation, accounts_of, left_out_of
from synthetic.runner.spec_again import SpecAgain

LOOK_EVERY_S = 30.0
OVERLAP_NS = DAY_NS // 12
BACK_NS = DAY_NS + OVERLAP_NS  # what is older than a day and two hours only explains, where that was compared before
HOLDS, DIFFERS = "holds", "differs"
DONE = (HOLDS, DIFFERS)


@dataclass(slots=True)
class Daily:
    """Reconciles when it is due. `name`: this worker's."""

    outside: Outside
    plan: Callable[[], ServingPlan]
    drivers: Drivers
    telling: Telling
    name: str
    begun_ns: int = field(init=False)
    _shown_ns: int = 0

    def __post_init__(self) -> None:
        self.begun_ns = self.outside.clock.wall_ns()

    async def keep(self) -> None:
        """For ever."""
        while True:
            try:
                await self.look()
            except JournalUnavailable as error:
                self.telling.journal(str(error))
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> Reconciliation | None:
        """Reconcile where it is due and nobody else does. Raises JournalUnavailable: then it is tried again."""
        book, off_loop, now_ns = self.outside.book, self.outside.off_loop, self.outside.clock.wall_ns()
        tried = await self._tried()
        done = self._show(last_done(tried, DONE))
        slot_ns = is_due(self.plan().reconcile, now_ns, tried=tried, done=DONE, begun_ns=self.begun_ns)
        if slot_ns is None or await off_loop(book.claim_slot, PROBE, slot_ns, self.name) != Claimed():
            return None
        told = await self._reconcile(min(now_ns - BACK_NS, done.slot_ns - OVERLAP_NS) if done else now_ns - BACK_NS)
        self.telling.reconciled(told, now_ns / 1e9)
        self._shown_ns = now_ns
        await off_loop(book.end_slot, PROBE, slot_ns, HOLDS if told.holds else DIFFERS)
        return told

    async def _tried(self) -> list[Slot]:
        """Every try that is kept. One of our own that is open was cut off: here is nobody at it."""
        book, off_loop = self.outside.book, self.outside.off_loop
        for slot in await off_loop(book.slots, PROBE):
            if slot.worker == self.name and not slot.ended_ns:
                await off_loop(book.end_slot, PROBE, slot.slot_ns, RunOutcome.ABORTED.value)
        return await off_loop(book.slots, PROBE)

    def _show(self, done: Slot | None) -> Slot | None:
        """When they were compared last, by whomever, and that they agreed where they did."""
        if done is not None and done.ended_ns > self._shown_ns:
            self._shown_ns = done.ended_ns
            self.telling.metrics.reconciled(0 if done.outcome == HOLDS else None, done.ended_ns / 1e9)
        return done

    async def _reconcile(self, since_ns: int) -> Reconciliation:
        plan, outside = self.plan(), self.outside
        entries: list[JournalEntry] = await outside.off_loop(outside.book.entries)
        played = {cell.name for probe in plan.probes for _, cell in probe.sides}
        moved = {entry.intent.cell for entry in entries if entry.created_ns >= since_ns}
        every = {**plan.cells, **{cell.name: cell for probe in plan.probes for _, cell in probe.sides}}
        cells = {name: cell for name, cell in every.items() if name in played | moved}
        leases = KeptLeases(outside.book)
        spec_again = SpecAgain(plan.scenarios, plan.cells, self.drivers.secrets, outside.clock)
        async with leases.kept():
            reconciler = Reconciler(outside, spec_again, self.name, leases, since_ns)
            return await reconciler.reconcile(accounts_of(cells, entries), left_out_of(cells, entries, since_ns))
