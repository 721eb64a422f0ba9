"""The specification of a run that another process began: what recovery needs of it, from the project as it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from synthetic.config.cell_secrets import CellSecrets
from synthetic.core.errors import HarnessError
from synthetic.core.plan import CellPlan, PlayerPlan, RunSpec, ScenarioPlan
from synthetic.core.ports import Clock
from synthetic.journal.model import RunRow
from synthetic.runner.specs import Part, Turn, make_spec, pool_name
from synthetic.runner.turns import Linked


@dataclass(frozen=True, slots=True)
class SpecAgain:
    """Answers the specification of a run by its row in the journal. `secrets`: those of each cell, resolved."""

    scenarios: Mapping[str, Linked]
    cells: Mapping[str, CellPlan]
    secrets: Mapping[str, CellSecrets]
    clock: Clock

    def __call__(self, row: RunRow) -> RunSpec:
        """The run's id, keys, player and cell as they were; the plans as they are now.

        Where the scenario is gone, another one that signs players of the same pool in stands for it: recovery plays no more
        of it than that. Raises HarnessError where the cell or the player is gone, or nobody can sign him in, AuthorError where
        one of his secrets can't be read.
        """
        run = row.run
        cell = self.cells.get(run.cell)
        if cell is None:
            raise HarnessError(f"run {run.run_id} was played on the cell {run.cell!r}, which is gone")
        player = next((player for player in cell.players if player.id == row.player), None)
        if player is None:
            raise HarnessError(
                f"run {run.run_id} was played by {row.player!r}, who is gone from the cell {cell.name!r}"
            )
        plan = self._plan(run.scenario, cell, player)
        turn = Turn((Part(plan, cell),), run.row, run.number, run.pair)
        now_ns = self.clock.monotonic_ns()
        spec = make_spec(
            turn.parts[0], turn, player, self.secrets[cell.name], seed=run.seed, clock=self.clock, scheduled_ns=now_ns
        )
        return replace(spec, run_id=run.run_id)

    def _plan(self, name: str, cell: CellPlan, player: PlayerPlan) -> ScenarioPlan:
        if name in self.scenarios and cell.platform in self.scenarios[name]:
            return self.scenarios[name][cell.platform]
        fitting = [linked[cell.platform] for linked in self.scenarios.values() if cell.platform in linked]
        stand_in = next((plan for plan in fitting if pool_name(plan, cell) == player.pool and _moves(plan)), None)
        if stand_in is None:
            raise HarnessError(
                f"the scenario {name!r} is gone, and no other one signs in players of the pool {player.pool!r}"
            )
        return replace(stand_in, states=())


def _moves(plan: ScenarioPlan) -> bool:
    """Whether it moves money, so that it signs in before it does."""
    return any(step.operation.moves is not None and not step.refused for step in plan.steps)
