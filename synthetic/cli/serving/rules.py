"""Whether a probe may be played now, and by whom: the kill switch, maintenance, policies, proofs, and how full the worker is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from synthetic.core.plan import PlayerPlan
from synthetic.core.plan_serving import ProbePlan, ServingPlan
from synthetic.journal.model import Kill
from synthetic.runner.health import Health, Reason
from synthetic.runner.maintenance import window_at
from synthetic.runner.policy import Refusal, fit_players, refusals
from synthetic.runner.proofs import Proofs
from synthetic.runner.specs import Part
from synthetic.runner.timetable import Missed

DISTRUSTED = frozenset({Reason.TAINTED, Reason.SCHEDULE_SLIP})
"""Where the runner does not trust what it measures, one run in so many still goes on: else it would never trust itself again."""
ONE_IN = 10


@dataclass(slots=True)
class Rules:
    """Everything that forbids a slot. Fail-closed: what can't be told is refused."""

    plan: Callable[[], ServingPlan]
    killed: Callable[[], Kill | None]
    health: Callable[[], Health]
    audit_failed: Callable[[], str]
    running: Callable[[], int]
    proofs: Proofs
    _distrusted: int = 0

    async def refuse(self, probe: ProbePlan, slot_ns: int) -> Refusal | None:
        """Why a slot is not played; None where it may be."""
        plan = self.plan()
        if (kill := self.killed()) is not None:
            return Refusal("kill-switch", f"the kill switch is on, by {kill.by}: {kill.reason}", Missed.KILLED)
        if failed := self.audit_failed():
            return Refusal("audit", f"the audit can't be written: {failed}", Missed.JOURNAL)
        cells = [cell for _, cell in probe.sides]
        window = window_at(plan.maintenance, [cell.name for cell in cells], slot_ns)
        if window is not None:
            return Refusal("maintenance", window.reason, Missed.MAINTENANCE)
        if self.running() + len(cells) > plan.limits.at_once:
            return Refusal("at-once", f"{self.running()} runs are going ({plan.limits.at_once} may)", Missed.LAG)
        for scenario, cell in probe.sides:
            for refusal in refusals(plan.policies, scenario, cell, probe.row, now_ns=slot_ns):
                return refusal
        return self._distrust()

    def _distrust(self) -> Refusal | None:
        troubles = [trouble for trouble in self.health().troubles if trouble.reason in DISTRUSTED]
        if not troubles:
            self._distrusted = 0
            return None
        self._distrusted += 1
        if self._distrusted % ONE_IN == 0:
            return None
        return Refusal("own-health", troubles[0].message, Missed.UNHEALTHY)

    async def fit(self, part: Part, row: Mapping[str, str]) -> Sequence[PlayerPlan] | Refusal:
        """Who may play: of the pool, whoever policies allow and the proofs stand for. With nobody, the first reason."""
        plan, first = self.plan(), None
        proven: list[PlayerPlan] = []
        for player in fit_players(plan.policies, part.plan, part.cell, row):
            found = await self.proofs.refusals(part.plan.platform, part.cell, player)
            if found:
                first = first or found[0]
            else:
                proven.append(player)
        return proven if proven or first is None else first
