"""`synthetic list`: what could be played: scenarios with tags, rows, limits and schedule, and cells where they are given."""

from __future__ import annotations

import json as json_text
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from synthetic.cli.project import Sources, chosen_scenarios, open_project
from synthetic.cli.screen import answers, write
from synthetic.config.project import Project
from synthetic.config.scenarios import matrix_rows
from synthetic.core.plan import CellPlan, ScenarioPlan
from synthetic.runner.turns import Linked


def list_scenarios(
    *,
    cells: Annotated[
        Path | None, typer.Option(help="A cells file: shows its cells and the rows they give.", metavar="FILE")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Only scenarios with this tag.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    scenarios: Annotated[Path | None, typer.Option(help="The folder of scenarios.", metavar="DIR")] = None,
    platforms: Annotated[Path | None, typer.Option(help="The folder of platform mappings.", metavar="DIR")] = None,
) -> None:
    """List scenarios with their tags, rows, limits and schedule, and the cells of a cells file."""
    project = open_project(Sources.found(cells=cells, scenarios=scenarios, platforms=platforms))
    described = {
        "scenarios": [_scenario(linked, project) for linked in chosen_scenarios(project, [], tag or [])],
        "cells": [_cell(cell) for cell in project.cells.values()],
    }
    if json:
        write(json_text.dumps(described, indent=2))
        return
    _show(described)


def _scenario(linked: Linked, project: Project) -> dict[str, Any]:
    plan = next(iter(linked.values()))
    schedule = plan.schedule
    return {
        "name": plan.name,
        "title": plan.title,
        "file": plan.place.file,
        "tags": list(plan.tags),
        "platforms": sorted(linked),
        "matrix": list(plan.matrix),
        "rows": {cell.name: _rows(linked, cell) for cell in project.cells.values() if cell.platform in linked},
        "limits": {kind: str(amount) for kind, amount in plan.limits.items()},
        "schedule": {"every_s": schedule.every_s, "jitter_s": schedule.jitter_s, "deadline_s": schedule.deadline_s},
    }


def _rows(linked: Mapping[str, ScenarioPlan], cell: CellPlan) -> list[dict[str, str]]:
    return [dict(row) for row in matrix_rows(linked[cell.platform], cell)]


def _cell(cell: CellPlan) -> dict[str, Any]:
    return {
        "name": cell.name,
        "track": cell.track,
        "version": cell.version,
        "platform": cell.platform,
        "environment": cell.environment,
        "market": cell.market,
        "brand": cell.brand,
        "currency": cell.currency,
        "psps": list(cell.psps),
        "players": len(cell.players),
    }


def _show(described: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    console = answers()
    table = _table("scenario", "tags", "rows", "limits", "schedule")
    for one in described["scenarios"]:
        limits = ", ".join(f"{kind} {amount}" for kind, amount in one["limits"].items())
        schedule = f"every {one['schedule']['every_s']:g} s"
        table.add_row(f"{one['name']}\n  {one['title']}", ", ".join(one["tags"]), _row_words(one), limits, schedule)
    console.print(table)
    if not described["cells"]:
        return
    cells = _table("cell", "track", "version", "platform", "market", "brand", "currency", "PSPs", "players")
    for one in described["cells"]:
        fields = ("name", "track", "version", "platform", "market", "brand", "currency")
        cells.add_row(*[str(one[name]) for name in fields], ", ".join(one["psps"]), str(one["players"]))
    console.print(cells)


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _row_words(one: Mapping[str, Any]) -> str:
    """How many rows each cell gives, else what the rows are made of."""
    if one["rows"]:
        return ", ".join(f"{len(rows)} on {cell}" for cell, rows in one["rows"].items())
    return " x ".join(one["matrix"]) or "1"
