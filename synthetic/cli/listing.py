"""`synthetic list`: what could be played: scenarios with tags, rows, limits and schedule, and cells where they are given."""

from __future__ import annotations

import json as json_text
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

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
    tag: Annotated[list[str] | None, typer.Option(help="Only scenarios with this tag.", metavar="TAG")] = None,
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
    """A name a line with what it is under it: readable at any width, and easy to search."""
    console = answers()
    for one in described["scenarios"]:
        console.print(Text.assemble((one["name"], "bold"), f"  {one['title']}"), soft_wrap=True)
        for label, words in _facts(one):
            console.print(Text.assemble((f"    {label:<9}", "dim"), words), soft_wrap=True)
    if described["cells"]:
        console.print(Text("\ncells", style="bold"))
    for cell in described["cells"]:
        place = f"{cell['brand']} {cell['market']} {cell['currency']}, {cell['environment']}"
        played = f"platform {cell['platform']}, {', '.join(cell['psps']) or 'no PSP'}, {cell['players']} players"
        console.print(f"    {cell['name']}  {cell['track']} {cell['version']}, {place}; {played}", soft_wrap=True)


def _facts(one: Mapping[str, Any]) -> list[tuple[str, str]]:
    schedule = one["schedule"]
    times = f"every {schedule['every_s']:g} s, jitter {schedule['jitter_s']:g} s, deadline {schedule['deadline_s']:g} s"
    limits = ", ".join(f"{kind} {amount}" for kind, amount in one["limits"].items())
    facts = [("tags", ", ".join(one["tags"])), ("rows", _row_words(one)), ("limits", limits), ("schedule", times)]
    return [(label, words) for label, words in [*facts, ("file", one["file"])] if words]


def _row_words(one: Mapping[str, Any]) -> str:
    """What the rows are made of, and how many each cell gives."""
    made_of = " x ".join(one["matrix"]) or "one"
    counts = ", ".join(f"{len(rows)} on {cell}" for cell, rows in one["rows"].items())
    return f"{made_of} ({counts})" if counts else made_of
