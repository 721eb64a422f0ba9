"""What is played: every fault at every place where it can be, at every rate, with as many seeds; and healthy runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from synthetic.config.scenarios import matrix_rows
from synthetic.core.plan import CellPlan, ScenarioPlan
from synthetic.reference.catalogue import PROVIDERS, PSPS, Fault

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """One fault at one place (a PSP, a provider, or "" for the cell) at one rate, and how many runs it gets."""

    fault: Fault
    place: str
    rate: float
    runs: int

    def __str__(self) -> str:
        where = f"@{self.place}" if self.place else ""
        return f"{self.fault.name}{where} {self.rate:g}"


def cases_of(faults: Sequence[Fault], rates: Sequence[float], runs: int) -> list[Case]:
    """All of them, those that wait long for something (a webhook that never comes) spread over the others."""
    return [Case(fault, place, rate, runs) for rate in rates for fault in faults for place in fault.where()]


def rows_at(plan: ScenarioPlan, cell: CellPlan, place: str) -> list[Row]:
    """The rows of a scenario that lead to a place; all of them where it is in no row."""
    rows: list[Row] = list(matrix_rows(plan, cell))
    if place not in (*PSPS, *PROVIDERS):
        return rows
    return [row for row in rows if place in row.values()] or rows


def healthy(scenarios: Sequence[ScenarioPlan], cell: CellPlan, runs: int) -> list[tuple[ScenarioPlan, Row]]:
    """So many healthy runs, over all rows of all scenarios in turn."""
    every = [(plan, row) for plan in scenarios for row in matrix_rows(plan, cell)]
    return list(islice(cycle(every), runs))
