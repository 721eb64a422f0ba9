"""What is played: a turn (a pair of runs in one instant, or one run alone) and the exact specification of each run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synthetic.config.cell_secrets import CellSecrets
from synthetic.config.secret_refs import resolve_all
from synthetic.core.plan import CellPlan, PlayerPlan, RunSpec, ScenarioPlan
from synthetic.core.ports import Clock
from synthetic.runner.identity import derived_seed, run_id


@dataclass(frozen=True, slots=True)
class Part:
    """One run of a turn: this scenario on this cell."""

    plan: ScenarioPlan
    cell: CellPlan


@dataclass(frozen=True, slots=True)
class Turn:
    """What is played in one instant: canary and baseline of a pair, or one cell alone (then `pair` is empty)."""

    parts: tuple[Part, ...]
    row: Mapping[str, str]
    number: int
    pair: str = ""


def pool_name(plan: ScenarioPlan, cell: CellPlan) -> str:
    """The pool of players that the scenario leases from on this cell."""
    assert plan.pool is not None, "config demands a lease of every scenario"
    if plan.pool.literal is not None:  # nearly always, and asked for each time that a player is chosen
        return plan.pool.literal.removeprefix("pool:")
    scope = {f"cell.{name}": getattr(cell, name) for name in ("name", "market", "brand", "environment", "track")}
    return plan.pool.text(scope, cell.currency).removeprefix("pool:")


def make_spec(
    part: Part,
    turn: Turn,
    player: PlayerPlan,
    secrets: CellSecrets,
    *,
    seed: int,
    clock: Clock,
    scheduled_ns: int,
) -> RunSpec:
    """Specify one run. The same seed, scenario, row, cell and number give the same run id and keys."""
    name, row = part.plan.name, sorted(turn.row.items())
    resolved = resolve_all(part.cell, player.secrets)
    return RunSpec(
        plan=part.plan,
        cell=part.cell,
        row=turn.row,
        player={"id": player.id, "pool": player.pool, **player.attributes, **resolved},
        secret_attributes=frozenset(resolved),
        secrets=secrets.named,
        run_id=run_id(seed, name, turn.row, part.cell.name, turn.number),
        seed=derived_seed(seed, name, row, turn.number),
        mono_ns=clock.monotonic_ns(),
        wall_ns=clock.wall_ns(),
        scheduled_ns=scheduled_ns,
        pair=turn.pair,
        hidden=secrets.hidden,
    )
