"""A project on disk: `scenarios/**/*.yaml`, platform mappings and a cells file, loaded together with all mistakes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from synthetic.config.cells import load_cells
from synthetic.config.operations import ResolveHook
from synthetic.config.platforms import load_platform, no_hooks
from synthetic.config.scenarios import load_scenario
from synthetic.core.errors import AuthorError, Mistake, Place
from synthetic.core.expressions import did_you_mean
from synthetic.core.plan import CellPlan, PlatformPlan, ScenarioPlan

T = TypeVar("T")
PLATFORM_FOLDERS = ("fixtures/platforms", "platforms")
YAML_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """Where the files of a project are. `cells` may be none: then nothing can be played, but everything can be checked."""

    scenarios: tuple[Path, ...]
    platforms: tuple[Path, ...]
    cells: Path | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that could be played: scenarios by name, each linked to every platform that a cell is of."""

    scenarios: Mapping[str, Mapping[str, ScenarioPlan]]
    platforms: Mapping[str, PlatformPlan]
    cells: Mapping[str, CellPlan] = field(default_factory=dict)


def find_files(root: Path, cells: Path | None = None) -> ProjectFiles:
    """The files of a project below its root."""
    platforms = [path for folder in PLATFORM_FOLDERS for path in yaml_files(root / folder)]
    return ProjectFiles(yaml_files(root / "scenarios"), tuple(platforms), cells)


def yaml_files(folder: Path) -> tuple[Path, ...]:
    """The YAML files of a folder and its sub-folders, in a fixed order; none where there is no such folder."""
    found = (path for path in folder.rglob("*") if path.suffix in YAML_SUFFIXES and path.is_file())
    return tuple(sorted(found)) if folder.is_dir() else ()


def load_project(
    files: ProjectFiles, *, known_checks: frozenset[str] | None = None, resolve_hook: ResolveHook = no_hooks
) -> Project:
    """Load every file. Raises AuthorError with the mistakes of all of them."""
    mistakes: list[Mistake] = []
    cells = _gather(mistakes, partial(load_cells, files.cells)) if files.cells is not None else {}
    plans = [_gather(mistakes, partial(load_platform, path, resolve_hook=resolve_hook)) for path in files.platforms]
    platforms = {plan.name: plan for plan in plans if plan is not None}
    mistakes += _twice((plan.name, path) for plan, path in zip(plans, files.platforms, strict=True) if plan is not None)
    if len(platforms) == len(files.platforms):
        mistakes += _unmapped(cells or {}, platforms)
    wanted = {cell.platform for cell in (cells or {}).values()} & platforms.keys() or platforms.keys()
    scenarios = _link(files.scenarios, [platforms[name] for name in sorted(wanted)], known_checks, mistakes)
    if mistakes:
        raise AuthorError(mistakes)
    return Project(scenarios, platforms, cells or {})


def _gather(mistakes: list[Mistake], load: Callable[[], T]) -> T | None:
    try:
        return load()
    except AuthorError as error:
        mistakes += error.mistakes
        return None


def _link(
    paths: Iterable[Path],
    platforms: Sequence[PlatformPlan],
    known_checks: frozenset[str] | None,
    mistakes: list[Mistake],
) -> dict[str, dict[str, ScenarioPlan]]:
    linked: dict[str, dict[str, ScenarioPlan]] = {}
    for path in paths:
        for platform in platforms:
            plan = _gather(mistakes, partial(load_scenario, path, platform, known_checks=known_checks))
            if plan is None:
                continue
            first = linked.setdefault(plan.name, {}).setdefault(platform.name, plan)
            if first is not plan:
                mistakes.append(
                    Mistake(plan.place, f"a second scenario with the name '{plan.name}'", f"the first: {first.place}")
                )
    return linked


def _twice(named: Iterable[tuple[str, Path]]) -> list[Mistake]:
    seen: dict[str, Path] = {}
    found = []
    for name, path in named:
        first = seen.setdefault(name, path)
        if first is not path:
            found.append(Mistake(Place(str(path)), f"a second mapping of the platform '{name}'", f"the first: {first}"))
    return found


def _unmapped(cells: Mapping[str, CellPlan], platforms: Mapping[str, PlatformPlan]) -> list[Mistake]:
    return [
        Mistake(
            cell.place,
            f"cell '{cell.name}' is of platform '{cell.platform}', for which there is no mapping",
            did_you_mean(cell.platform, list(platforms)),
        )
        for cell in cells.values()
        if cell.platform not in platforms
    ]
