"""What is served in the simulation: its cells and scenarios, loaded once by the real loader, and a seed's choice of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from synthetic.config.project import Project, ProjectFiles, load_project, yaml_files
from synthetic.core.errors import Place
from synthetic.core.plan import CellPlan
from synthetic.core.plan_serving import BudgetPlan, ProbePlan, ServingPlan
from synthetic.journal.model import Caps

FILES = Path(__file__).parent / "files"
PLATFORM = "simulated"
CURRENCY = "EUR"
ACCOUNTS = ("p1", "p2", "p3")
_PLACE = Place("simulation")


@cache
def shipped() -> Project:
    """The files beside this module, as plans."""
    return load_project(ProjectFiles(yaml_files(FILES / "scenarios"), (FILES / "platform.yaml",), FILES / "cells.yaml"))


@dataclass(frozen=True, slots=True)
class Served:
    """The cells and probes of one seed."""

    cells: dict[str, CellPlan]
    plan: ServingPlan


@cache
def served(players: int, probes: int, caps: Caps) -> Served:
    """A pair of cells with so many players, and so many probes on them: the first plays both cells, the second one of them."""
    project = shipped()
    cells = {name: replace(cell, players=cell.players[:players]) for name, cell in project.cells.items()}
    canary, baseline = cells["canary"], cells["baseline"]
    cash_out, played_round = (project.scenarios[name][PLATFORM] for name in ("cash-out", "round"))
    paired = ProbePlan("paired", _PLACE, cash_out, canary, {}, cash_out.schedule, baseline, cash_out)
    alone = ProbePlan("alone", _PLACE, played_round, canary, {}, played_round.schedule)
    chosen = (alone,) if players == 1 else (paired, alone)[:probes]
    plan = ServingPlan(
        place=_PLACE,
        name="simulation",
        digest="",
        files=(),
        probes=chosen,
        database="",
        listen=("", 0),
        audit="",
        budgets=(BudgetPlan(CURRENCY, caps.run, caps.account_day, caps.day, caps.outstanding),),
        scenarios=project.scenarios,
        cells=cells,
    )
    return Served(cells, plan)
