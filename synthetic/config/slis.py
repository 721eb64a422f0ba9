"""The SLIs that a project tells, with the labels of each: what an objective may be about."""

from __future__ import annotations

from collections.abc import Iterable

from synthetic.config.project import Project
from synthetic.core.plan import PlatformPlan, ScenarioPlan
from synthetic.gate.policy import RUN


def known_slis(project: Project) -> dict[str, frozenset[str]]:
    """Those of all mappings, and `run`, whose labels are the columns of the scenarios' matrices."""
    scenarios = [plan for linked in project.scenarios.values() for plan in linked.values()]
    return slis_of(project.platforms.values(), scenarios)


def slis_of(platforms: Iterable[PlatformPlan], scenarios: Iterable[ScenarioPlan]) -> dict[str, frozenset[str]]:
    """By name; where two mappings differ in the labels of one, those of both."""
    found = {RUN: frozenset(column for plan in scenarios for column in plan.matrix)}
    for platform in platforms:
        for operation in platform.operations.values():
            if operation.sli is not None:
                found[operation.sli.name] = found.get(operation.sli.name, frozenset()) | set(operation.sli.by)
    return found
