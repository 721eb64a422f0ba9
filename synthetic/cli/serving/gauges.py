"""What has to be looked up for the metrics: stranded money, budgets, free accounts, the kill switch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from synthetic.cli.serving.telling import Telling
from synthetic.core.errors import JournalUnavailable
from synthetic.core.money import Money
from synthetic.core.plan_serving import ServingPlan
from synthetic.core.ports import Clock
from synthetic.journal.book import Book
from synthetic.journal.model import Kill, Left
from synthetic.runner.density import Denser
from synthetic.runner.duty import caps_of
from synthetic.runner.specs import pool_name
from synthetic.runner.spending import Spending
from synthetic.runner.worker import Worker, account_of

LOOK_EVERY_S = 2.0
TELL_EVERY_S = 30.0
_QUIET_SLOTS = 3  # of the densest probe, without any run: something is wrong


@dataclass(slots=True)
class Gauges:
    """Keeps them up to date."""

    book: Book
    plan: Callable[[], ServingPlan]
    telling: Telling
    killed: Callable[[], Kill | None]
    worker: Worker
    clock: Clock
    spending: Spending
    denser: Denser
    _told_ns: int = 0
    _known: tuple[ServingPlan, frozenset[str], float | None] | None = None

    async def keep(self) -> None:
        """For ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Once. What the journal can't tell stays as it was; that it can't is told by whoever needs it to play."""
        self.telling.watch.loop_turned()
        self.denser.look(self.clock.wall_ns())
        self.telling.show_kill(self.killed())
        self.telling.watch.expects_a_run_every(None if self.killed() is not None else self._of_plan()[1])
        self.telling.tell_health()
        if (self.clock.monotonic_ns() - self._told_ns) / 1e9 >= TELL_EVERY_S:
            self._told_ns = self.clock.monotonic_ns()
            self.telling.tell_missed()
        try:
            await self.spending.look()
            left, budgets, taken, residues = await asyncio.to_thread(self._read)
        except JournalUnavailable:
            return
        age_s = (self.clock.wall_ns() - left.oldest_ns) / 1e9 if left.oldest_ns else 0.0
        self.telling.metrics.left(left.minor, age_s)
        self.telling.residues(residues)
        for currency, minor in budgets.items():
            self.telling.metrics.budget_remaining(currency, minor)
        self.telling.metrics.leases_available(len(self._of_plan()[0] - taken))

    def _read(self) -> tuple[Left, dict[str, int], set[str], Mapping[str, Money]]:
        budgets: dict[str, int] = {}
        for caps in caps_of(self.plan()):
            for money in self.book.remaining(caps).values():
                budgets[money.currency] = min(money.minor, budgets.get(money.currency, money.minor))
        taken = {row.lease.account for row in self.book.open_runs()}
        return self.book.left(), budgets, taken, self.book.residues()

    def _of_plan(self) -> tuple[frozenset[str], float | None]:
        """The accounts that the probes may be played on, and how long they may be quiet. Only a new plan changes them."""
        plan = self.plan()
        if self._known is None or self._known[0] is not plan:
            self._known = (plan, _accounts(plan), _quiet_s(plan))
        return self._known[1:]


def _accounts(plan: ServingPlan) -> frozenset[str]:
    pools = {(cell.name, pool_name(scenario, cell)) for probe in plan.probes for scenario, cell in probe.sides}
    return frozenset(
        account_of(cell, player.id)
        for cell in plan.cells.values()
        for player in cell.players
        if (cell.name, player.pool) in pools
    )


def _quiet_s(plan: ServingPlan) -> float | None:
    """After how long without a run something is wrong; None where nothing is to be played."""
    if not plan.probes:
        return None
    densest = min(plan.probes, key=lambda probe: probe.schedule.every_s)
    return _QUIET_SLOTS * densest.schedule.every_s + densest.schedule.deadline_s
