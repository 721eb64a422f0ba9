"""Loads scenarios: linked to one platform mapping, every name resolved, every limit proved against the steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from synthetic.config.binding import bind, matrix_rows
from synthetic.config.exchanges import duration_s
from synthetic.config.files import load_mapping
from synthetic.config.limits import check_limits, money_limits
from synthetic.config.located import Listed, Text
from synthetic.config.models import InvariantModel, LeaseModel, ScenarioModel, ScheduleModel
from synthetic.config.positions import read_model
from synthetic.config.problems import Problems
from synthetic.config.states import link_needed_states
from synthetic.config.steps import link_steps
from synthetic.config.vocabularies import CELL, LEASE, RUN, prefixed
from synthetic.core.errors import Place
from synthetic.core.expressions import Expression, Kind, Vocabulary
from synthetic.core.plan import Invariant, PlatformPlan, ScenarioPlan, Schedule
from synthetic.core.templates import Template

__all__ = ["bind", "load_scenario", "matrix_rows"]

_SCHEDULE = Schedule()


def load_scenario(
    path: Path, platform: PlatformPlan, *, known_checks: frozenset[str] | None = None, text: str | None = None
) -> ScenarioPlan:
    """Load one scenario; with `text`, that is read in place of the file. Raises AuthorError with all mistakes.

    `known_checks`: the names that `checks:` may use; None leaves them unchecked.
    """
    problems = Problems()
    file = load_mapping(path, problems, text)
    model = read_model(ScenarioModel, file.data, problems) if file is not None else None
    plan = link_scenario(model, platform, problems, known_checks) if model is not None else None
    problems.raise_any()
    assert plan is not None, "a scenario without a plan has a mistake"
    assert file is not None
    return replace(plan, digest=file.digest)


def link_scenario(
    model: ScenarioModel, platform: PlatformPlan, problems: Problems, known_checks: frozenset[str] | None
) -> ScenarioPlan:
    """Link what was read; mistakes go to `problems`."""
    names = {**RUN, **prefixed("matrix", dict.fromkeys(map(str, model.matrix), Kind.STRING))}
    steps, names = link_steps(model, platform, names, problems)
    check_limits(model, steps, platform, problems)
    schedule = _link_schedule(model.schedule or ScheduleModel(), problems)
    _check_deadline(model, schedule, problems)
    if known_checks is not None:
        for name in model.checks:
            if name not in known_checks:
                problems.unknown(name, "check", known_checks)
    return ScenarioPlan(
        name=str(model.scenario),
        title=str(model.title or model.scenario),
        place=model.source.key_at("scenario") if model.has("scenario") else model.source.place,
        tags=tuple(map(str, model.tags)),
        matrix={str(name): _link_values(values, problems) for name, values in model.matrix.items()},
        steps=steps,
        platform=platform,
        states=link_needed_states(model.states, steps, platform, problems),
        invariants=tuple(_link_invariant(invariant, names, problems) for invariant in model.invariants),
        checks=tuple(map(str, model.checks)),
        limits=money_limits(model.limits),
        schedule=schedule,
        pool=_link_pool(model.lease, problems),
    )


def _link_values(values: Any, problems: Problems) -> tuple[str, ...] | Expression:
    if isinstance(values, Listed):
        seen: set[str] = set()
        for value in values:
            if value in seen:
                problems.add(value.place, f"'{value}' stands twice in the matrix")
            seen.add(value)
        return tuple(map(str, values))
    assert isinstance(values, Text)
    template = problems.template(values, CELL, Kind.LIST)
    only = template.parts[0]
    if isinstance(only, Expression) and len(template.parts) == 1:
        return only
    return ()


def _link_schedule(schedule: ScheduleModel, problems: Problems) -> Schedule:
    every_s = duration_s(schedule.every, _SCHEDULE.every_s)
    jitter_s = duration_s(schedule.jitter, _SCHEDULE.jitter_s)
    if schedule.jitter is not None and jitter_s >= every_s:
        problems.add(schedule.at("jitter"), f"the jitter {schedule.jitter} is not below the distance of two runs")
    deadline_s = duration_s(schedule.deadline, _SCHEDULE.deadline_s)
    return Schedule(every_s, jitter_s, str(schedule.overlap or _SCHEDULE.overlap), deadline_s)


def _check_deadline(model: ScenarioModel, schedule: Schedule, problems: Problems) -> None:
    within_s = sum(duration_s(step.within, 0.0) for step in model.steps)
    if within_s <= schedule.deadline_s:
        return
    written = model.schedule is not None and model.schedule.deadline is not None
    place: Place = (
        model.schedule.at("deadline") if model.schedule is not None and written else model.source.key_at("steps")
    )
    problems.add(
        place,
        f"the `within` of the steps add up to {within_s:g}s, above the deadline of {schedule.deadline_s:g}s",
        "raise `schedule: {deadline: ...}` or shorten a step",
    )


def _link_invariant(invariant: InvariantModel, names: Vocabulary, problems: Problems) -> Invariant:
    claim = problems.expression(invariant.that, names, Kind.BOOL)
    return Invariant(str(invariant.name or invariant.that), claim)


def _link_pool(lease: LeaseModel, problems: Problems) -> Template:
    text = lease.player
    if not text.stands_in and (not text.startswith("pool:") or text == "pool:"):
        problems.add(
            text.place, f"expected pool:NAME, found '{text}'", "a pool is a word of the players in the cells file"
        )
    return problems.template(text, LEASE, Kind.STRING)
