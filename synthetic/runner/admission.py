"""Whether a probe may be played now, and by whom: every rule that stands before a run, asked in one place. Fail-closed.

First what costs nothing (the kill switch, the runner's health, maintenance, policies, what the budgets have left), then the proofs
of the cell and of the players. A refusal becomes a missed slot with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from synthetic.core.plan import PlayerPlan
from synthetic.core.plan_serving import ProbePlan, ServingPlan
from synthetic.core.ports import Clock
from synthetic.runner.maintenance import window_at
from synthetic.runner.policy import Refusal, fit_players, psps_of, refusals
from synthetic.runner.proofs import Proofs
from synthetic.runner.specs import Part, pool_name
from synthetic.runner.timetable import Missed
from synthetic.runner.unhurried import unhurried

PROVE_AT_TICK_MAX = 2  # players that a tick waits for, where none is proven yet; the others are proven meanwhile


def _nothing() -> str:
    return ""


def _no_refusal(_probe: ProbePlan) -> Refusal | None:
    return None


@dataclass(slots=True)
class Admission:
    """Asks every rule. `killed`, `unwell`: why no run may begin, or ""; `unpaid`: why the budgets can't pay a probe."""

    plan: Callable[[], ServingPlan]
    clock: Clock
    proofs: Proofs
    killed: Callable[[], str] = _nothing
    unwell: Callable[[], str] = _nothing
    unpaid: Callable[[ProbePlan], Refusal | None] = _no_refusal

    async def refuse(self, probe: ProbePlan, slot_ns: int) -> Refusal | None:  # noqa: ARG002 - rules hold now, not then
        """The first rule that forbids playing this probe now."""
        if killed := self.killed():
            return Refusal("kill-switch", killed, Missed.KILLED)
        if unwell := self.unwell():
            return Refusal("healthy-runner", unwell, Missed.UNHEALTHY)
        plan, now_ns = self.plan(), self.clock.wall_ns()
        window = window_at(plan.maintenance, (cell.name for _, cell in probe.sides), now_ns)
        if window is not None:
            return Refusal("maintenance", window.reason, Missed.MAINTENANCE)
        for scenario, cell in probe.sides:
            found = refusals(plan.policies, scenario, cell, probe.row, now_ns=now_ns)
            if found:
                return found[0]
        return self.unpaid(probe)

    async def fit(self, part: Part, row: Mapping[str, str]) -> Sequence[PlayerPlan] | Refusal:
        """The players who may play a part of a turn and are proven to be synthetic; why nobody may, where nobody is."""
        platform, cell = part.plan.platform, part.cell
        found = await self.proofs.of_cell(platform, cell)
        if found:
            return found[0]
        players = fit_players(self.plan().policies, part.plan, cell, row)
        proven = [player for player in players if self.proofs.is_proven(platform, cell, player)]
        if proven:
            return proven
        refused = None
        for player in players[:PROVE_AT_TICK_MAX]:
            found = await self.proofs.of_player(platform, cell, player)
            if not found:
                return (player,)
            refused = refused or found[0]
        return refused or _nobody(part)

    async def prepare(self) -> None:
        """Take the proofs of everybody who may play, each once, so that no tick has to wait for one."""
        seen: set[tuple[str, str]] = set()
        looked_at: set[tuple[str, str, tuple[tuple[str, ...], ...]]] = set()
        async for probe in unhurried(self.plan().probes):
            for scenario, cell in probe.sides:
                psps = tuple(psps_of(step, cell, probe.row) for step in scenario.steps)
                alike = (scenario.name, cell.name, psps)
                if alike in looked_at:
                    continue  # of a row of the matrix only its PSP says who may play it
                looked_at.add(alike)
                for player in fit_players(self.plan().policies, scenario, cell, probe.row):
                    if (cell.name, player.id) not in seen and not await self.proofs.of_cell(scenario.platform, cell):
                        seen.add((cell.name, player.id))
                        await self.proofs.of_player(scenario.platform, cell, player)


def _nobody(part: Part) -> Refusal:
    sentence = (
        f"the pool {pool_name(part.plan, part.cell)!r} of cell {part.cell.name} has no player for {part.plan.name}"
    )
    return Refusal("free-player", sentence, Missed.NO_PLAYER)
