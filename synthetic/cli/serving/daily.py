"""The comparison of journal, ledger and PSP reports on the schedule: by one worker, once for each of its instants."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from synthetic.cli.serving.drivers import Drivers
from synthetic.cli.serving.telling import Telling
from synthetic.core.errors import JournalUnavailable
from synthetic.core.plan_serving import ServingPlan
from synthetic.journal.entry import JournalEntry
from synthetic.runner.appointments import is_due
from synthetic.runner.kept_leases import KeptLeases
from synthetic.runner.maintenance import DAY_NS
from synthetic.runner.outside import Outside
from synthetic.runner.reconcile import PROBE, Reconciler, Reconciliation, accounts_of
from synthetic.runner.spec_again import SpecAgain

LOOK_EVERY_S = 30.0
BACK_NS = DAY_NS + DAY_NS // 12  # what is older than a day and two hours only explains what is newer


@dataclass(slots=True)
class Daily:
    """Reconciles when it is due. `name`: this worker's."""

    outside: Outside
    plan: Callable[[], ServingPlan]
    drivers: Drivers
    telling: Telling
    name: str
    begun_ns: int = field(init=False)

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
        """Reconcile where it is due and nobody else does. Raises JournalUnavailable."""
        book, off_loop, now_ns = self.outside.book, self.outside.off_loop, self.outside.clock.wall_ns()
        done_ns = await off_loop(book.last_slot, PROBE)
        instant_ns = is_due(self.plan().reconcile, now_ns, done_ns=done_ns, begun_ns=self.begun_ns)
        if instant_ns is None or not await off_loop(book.claim_slot, PROBE, instant_ns, self.name):
            return None
        told = await self._reconcile(now_ns - BACK_NS)
        self.telling.reconciled(told, now_ns / 1e9)
        await off_loop(book.end_slot, PROBE, instant_ns, "holds" if told.holds else "differs")
        return told

    async def _reconcile(self, since_ns: int) -> Reconciliation:
        plan, outside = self.plan(), self.outside
        cells = {cell.name: cell for probe in plan.probes for _, cell in probe.sides}
        entries: list[JournalEntry] = await outside.off_loop(outside.book.entries)
        leases = KeptLeases(outside.book)
        spec_again = SpecAgain(plan.scenarios, plan.cells, self.drivers.secrets, outside.clock)
        async with leases.kept():
            reconciler = Reconciler(outside, spec_again, self.name, leases, since_ns)
            return await reconciler.reconcile(accounts_of(cells, entries))
