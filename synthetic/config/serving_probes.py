"""Links the probes of a serve file: scenario x cell (and its baseline) x row of the matrix, each with its schedule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from synthetic.config.binding import bind, matrix_rows
from synthetic.config.durations import shown
from synthetic.config.exchanges import duration_s
from synthetic.config.located import Text
from synthetic.config.models.serving import ProbesModel, ServingModel
from synthetic.config.problems import Problems
from synthetic.config.project import Project
from synthetic.core.errors import Place
from synthetic.core.plan import CellPlan, ScenarioPlan, Schedule
from synthetic.core.plan_serving import ProbePlan

PROBES_MAX = 20_000
EVERY_MIN_S = 1.0
Linked = Mapping[str, ScenarioPlan]


def link_probes(model: ServingModel, project: Project, problems: Problems) -> tuple[ProbePlan, ...]:
    """Every probe of the file, each once; mistakes go to `problems`."""
    if model.has("probes") and not model.probes and not model.source.value("probes"):
        problems.add(model.at("probes"), "a serve file needs at least one entry of probes")
    probes: dict[str, ProbePlan] = {}
    for entry in model.probes:
        for probe in _probes_of(entry, project, problems):
            first = probes.setdefault(probe.name, probe)
            if first is not probe and first.place != probe.place:
                message = f"the probe {probe.name} is played by an entry before this one"
                problems.add(probe.place, message, f"the first is at line {first.place.line}")
    if len(probes) > PROBES_MAX:
        hint = "keep some rows with `only`, or share them among several serve files"
        problems.add(model.at("probes"), f"these are {len(probes)} probes, over {PROBES_MAX}", hint)
    return tuple(probes.values())


def _probes_of(entry: ProbesModel, project: Project, problems: Problems) -> Iterator[ProbePlan]:
    scenarios = _chosen_scenarios(entry, project, problems)
    cells = _chosen_cells(entry, project, problems)
    _check_columns(entry, scenarios, problems)
    for linked in scenarios:
        for cell in cells:
            yield from _probes_on(entry, linked, cell, project, problems)


def _chosen_scenarios(entry: ProbesModel, project: Project, problems: Problems) -> list[Linked]:
    if entry.has("scenarios") == entry.has("tags"):
        message = "an entry of probes chooses by either `scenarios` or `tags`"
        problems.add(entry.source.place, message, "name the scenarios, or the tags that they have")
        return []
    for name in entry.scenarios:
        if name not in project.scenarios:
            problems.unknown(name, "scenario", project.scenarios)
    known = {tag for linked in project.scenarios.values() for tag in _tags(linked)}
    for tag in entry.tags:
        if tag not in known:
            problems.unknown(tag, "tag", known)
    return [
        linked
        for name, linked in project.scenarios.items()
        if name in entry.scenarios or not _tags(linked).isdisjoint(entry.tags)
    ]


def _tags(linked: Linked) -> set[str]:
    return {tag for plan in linked.values() for tag in plan.tags}


def _chosen_cells(entry: ProbesModel, project: Project, problems: Problems) -> list[CellPlan]:
    for name in entry.cells:
        if name not in project.cells:
            problems.unknown(name, "cell", project.cells)
    if entry.has("cells") and not entry.source.value("cells"):
        problems.add(entry.at("cells"), "an entry of probes needs at least one cell")
    return [project.cells[name] for name in dict.fromkeys(map(str, entry.cells)) if name in project.cells]


def _check_columns(entry: ProbesModel, scenarios: list[Linked], problems: Problems) -> None:
    columns = {column for linked in scenarios for plan in linked.values() for column in plan.matrix}
    for column in entry.only:
        if scenarios and column not in columns:
            problems.unknown(column, "column of a matrix", columns)


def _probes_on(
    entry: ProbesModel, linked: Linked, cell: CellPlan, project: Project, problems: Problems
) -> Iterator[ProbePlan]:
    scenario = linked.get(cell.platform)
    if scenario is None:
        return  # the project has no mapping for the cell, which is told
    baseline = project.cells.get(cell.baseline) if not entry.alone else None
    compared = linked.get(baseline.platform) if baseline is not None else None
    schedule = _link_schedule(entry, scenario, problems)
    rows = _rows(scenario, cell, problems)
    _check_left(entry, scenario, cell, rows, problems)
    shared = _rows(compared, baseline, problems) if compared is not None and baseline is not None else []
    for row in _kept(entry, scenario, rows):
        paired = row in shared
        yield ProbePlan(
            name=probe_name(scenario.name, cell.name, row),
            place=entry.source.place,
            scenario=scenario,
            cell=cell,
            row=row,
            schedule=schedule,
            baseline=baseline if paired else None,
            baseline_scenario=compared if paired else None,
            owner=str(entry.owner or ""),
        )


def probe_name(scenario: str, cell: str, row: Mapping[str, str]) -> str:
    """The name of a probe, such as `deposit@canary[provider=provider-a,psp=psp-a]`."""
    columns = ",".join(f"{column}={value}" for column, value in sorted(row.items()))
    return f"{scenario}@{cell}" + (f"[{columns}]" if columns else "")


def _rows(scenario: ScenarioPlan, cell: CellPlan, problems: Problems) -> list[dict[str, str]]:
    """The rows on a cell that the scenario fits; none (and mistakes) where it does not fit."""
    mistakes = bind(scenario, cell)
    if mistakes:
        problems.mistakes += [mistake for mistake in mistakes if mistake not in problems.mistakes]
        return []
    return matrix_rows(scenario, cell)


def _kept(entry: ProbesModel, scenario: ScenarioPlan, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    only = {str(column): list(map(str, values)) for column, values in entry.only.items() if column in scenario.matrix}
    return [row for row in rows if all(row[column] in values for column, values in only.items())]


def _check_left(
    entry: ProbesModel, scenario: ScenarioPlan, cell: CellPlan, rows: list[dict[str, str]], problems: Problems
) -> None:
    """A value of `only` that no row has was meant as another one."""
    for column, values in entry.only.items():
        known = {row[column] for row in rows if column in row}
        for value in values:
            if known and value not in known:
                problems.unknown(value, f"{column} of {scenario.name} on cell {cell.name}", known)


def _link_schedule(entry: ProbesModel, scenario: ScenarioPlan, problems: Problems) -> Schedule:
    own = scenario.schedule
    schedule = replace(
        own,
        every_s=duration_s(entry.every, own.every_s),
        jitter_s=duration_s(entry.jitter, min(own.jitter_s, duration_s(entry.every, own.every_s) / 2)),
        deadline_s=duration_s(entry.deadline, own.deadline_s),
    )
    every = _place(entry, "every")
    if schedule.every_s < EVERY_MIN_S:
        problems.add(
            every, f"{scenario.name} is played every {shown(schedule.every_s)}, below the 1s that there may be"
        )
    if schedule.jitter_s >= schedule.every_s:
        message = f"the jitter {shown(schedule.jitter_s)} is not below the distance of two runs of {scenario.name}"
        problems.add(_place(entry, "jitter"), message)
    within_s = sum(step.within_s for step in scenario.steps if entry.deadline is not None and step.until is not None)
    if within_s > schedule.deadline_s:
        message = f"the waits of {scenario.name} add up to {within_s:g}s, above the deadline of {entry.deadline}"
        problems.add(_place(entry, "deadline"), message)
    return schedule


def _place(entry: ProbesModel, key: str) -> Place:
    return entry.at(key) if entry.has(key) else entry.source.place


def check_cells(names: list[Text], project: Project, problems: Problems) -> None:
    """Names of cells anywhere else in the file."""
    for name in names:
        if name not in project.cells:
            problems.unknown(name, "cell", project.cells)
