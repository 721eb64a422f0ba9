"""What may be asked of a running service over HTTP: the kill switch, and denser probes on the gate's suspicion."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from synthetic.audit.trail import AuditTrail
from synthetic.core.plan_serving import ProbePlan, ServingPlan
from synthetic.core.ports import Clock
from synthetic.journal.book import Book
from synthetic.runner.density import Purse, density, end_of
from synthetic.runner.duty import Duty, caps_of
from synthetic.runner.killswitch import KillSwitch

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class ServiceCalls:
    """`web.calls.Switch` and `web.calls.Density` of one worker."""

    switch: KillSwitch
    duty: Duty
    plan: Callable[[], ServingPlan]
    book: Book
    clock: Clock
    audit: AuditTrail

    async def kill(self, by: str, reason: str) -> None:
        """No run begins from now on, on any worker. Raises HarnessError where the others can't be told."""
        await asyncio.to_thread(self.switch.throw, by, reason)

    async def resume(self, by: str, reason: str) -> None:
        """Runs begin again. Raises HarnessError."""
        self.audit.resume(f"{by}: {reason}" if reason else by)
        await asyncio.to_thread(self.switch.release, by)

    async def suspect(self, scenario: str, cell: str, for_s: float) -> Sequence[str]:
        """Play the probes of a cell denser for so long, as far as the day's budget carries it."""
        plan, now_ns = self.plan(), self.clock.wall_ns()
        until_ns = end_of(plan.density, now_ns, now_ns + int(for_s * 1e9))
        suspected = [p for p in plan.probes if p.cell.name == cell and scenario in ("", p.scenario.name)]
        for probe in suspected:
            purse = await asyncio.to_thread(self._purse, plan, probe)
            factor = density(plan.density, probe.schedule.every_s, (until_ns - now_ns) / 1e9, purse)
            self.duty.pacer.timetable.densify(probe.name, factor, until_ns, now_ns)
        return [probe.name for probe in suspected]

    def _purse(self, plan: ServingPlan, probe: ProbePlan) -> Purse:
        """What a tick of the probe costs, what the day has left in its currency, and what the normal slots need of it."""
        currency = probe.cell.currency
        day = next((caps for caps in caps_of(plan) if caps.day is not None and caps.day.currency == currency), None)
        if day is None:
            return Purse(cost_minor(probe))
        left = self.book.remaining(day)["day"].minor
        rest_s = _DAY_S - self.clock.wall_ns() / 1e9 % _DAY_S
        same = [other for other in plan.probes if other.cell.currency == currency]
        kept = sum(round(rest_s / other.schedule.every_s) * cost_minor(other) for other in same)
        return Purse(cost_minor(probe), left, kept)


def cost_minor(probe: ProbePlan) -> int:
    """What one tick brings into wallets at most: of each side, every step that pays in, up to its kind's limit."""
    return sum(
        scenario.limits[step.operation.moves.kind].minor
        for scenario, _ in probe.sides
        for step in scenario.steps
        if step.operation.moves is not None
        and step.operation.moves.target == "wallet"
        and step.operation.moves.kind in scenario.limits
    )
