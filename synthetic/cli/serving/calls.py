"""What may be asked of a running service over HTTP: the kill switch, and denser probes on the gate's suspicion."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from synthetic.audit.trail import AuditTrail
from synthetic.core.plan_serving import ServingPlan
from synthetic.core.ports import Clock
from synthetic.runner.density import Denser
from synthetic.runner.killswitch import KillSwitch


@dataclass(frozen=True, slots=True)
class ServiceCalls:
    """`web.calls.Switch` and `web.calls.Density` of one worker."""

    switch: KillSwitch
    denser: Denser
    plan: Callable[[], ServingPlan]
    clock: Clock
    audit: AuditTrail

    async def kill(self, by: str, reason: str) -> None:
        """No run begins from now on, on any worker. Raises HarnessError where the others can't be told."""
        await asyncio.to_thread(self.switch.throw, by, reason)

    async def resume(self, by: str, reason: str) -> str:
        """Runs begin again. Answers what still stops them, such as the kill file. Raises HarnessError."""
        still = await asyncio.to_thread(self.switch.release, by)
        self.audit.resume(f"{by}: {reason}" if reason else by)
        return f"by {still.by}: {still.reason}" if still is not None else ""

    async def suspect(self, scenario: str, cell: str, for_s: float) -> Sequence[str]:
        """Play the probes of a cell denser for so long, as far as the day's budget carries it. Answers which."""
        now_ns = self.clock.wall_ns()
        suspected = [p.name for p in self.plan().probes if p.cell.name == cell and scenario in ("", p.scenario.name)]
        self.denser.suspect(suspected, now_ns + int(for_s * 1e9), now_ns)
        return suspected
