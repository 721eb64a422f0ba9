"""Which turns a session plays: every scenario with every row of its matrix, on one cell or on a canary and its baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synthetic.config.scenarios import matrix_rows
from synthetic.core.plan import CellPlan, ScenarioPlan
from synthetic.runner.identity import pair_id
from synthetic.runner.specs import Part, Turn

Linked = Mapping[str, ScenarioPlan]
"""One scenario by the name of the platform that it is linked to."""


def single_turns(
    scenarios: Sequence[Linked], cell: CellPlan, *, repeat: int = 1, only: Mapping[str, str] | None = None
) -> list[Turn]:
    """Every row of every scenario on one cell, `repeat` times; `only` keeps the rows that agree with it."""
    return [
        Turn((Part(linked[cell.platform], cell),), row, number)
        for number in range(repeat)
        for linked in scenarios
        for row in _rows(linked[cell.platform], cell, only)
    ]


def paired_turns(
    scenarios: Sequence[Linked], canary: CellPlan, baseline: CellPlan, *, seed: int, repeat: int = 1
) -> list[Turn]:
    """Every row that both cells have, as pairs. What only one of them has can't be compared."""
    turns = []
    for number in range(repeat):
        for linked in scenarios:
            plans = (linked[canary.platform], linked[baseline.platform])
            shared = _rows(plans[1], baseline, None)
            for row in _rows(plans[0], canary, None):
                if row in shared:
                    parts = (Part(plans[0], canary), Part(plans[1], baseline))
                    turns.append(Turn(parts, row, number, pair_id(seed, plans[0].name, row, number)))
    return turns


def _rows(plan: ScenarioPlan, cell: CellPlan, only: Mapping[str, str] | None) -> list[dict[str, str]]:
    wanted = only or {}
    return [row for row in matrix_rows(plan, cell) if all(row.get(name) == value for name, value in wanted.items())]
