"""`synthetic validate`: every mistake of every file at once, without sending anything."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from synthetic.cli.project import CHECK_NAMES, Sources, hooks_of, open_project
from synthetic.cli.screen import write
from synthetic.config.anything import FileKind, kind_of, load_anything
from synthetic.config.names import NOWHERE
from synthetic.config.operations import ResolveHook
from synthetic.config.platforms import load_platform
from synthetic.config.project import PLATFORM_FOLDERS, Project, yaml_files
from synthetic.config.scenarios import bind
from synthetic.config.serving import load_serving
from synthetic.config.shipped import shipped_root
from synthetic.config.slis import known_slis
from synthetic.config.slo import load_slo
from synthetic.core.errors import AuthorError, Mistake
from synthetic.core.plan import PlatformPlan

DEFAULT_CELLS = Path("cells.yaml")
DEFAULT_SERVE = Path("runner.yaml")
DEFAULT_SLO = Path("slo.yaml")


def validate(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Files and folders (default: the project in this folder).", metavar="[FILE|DIR]..."),
    ] = None,
    *,
    cells: Annotated[
        Path | None,
        typer.Option(help="Check that the scenarios fit these cells; their file allows Python.", metavar="FILE"),
    ] = None,
    platform: Annotated[
        Path | None, typer.Option(help="The mapping that single scenario files are checked against.", metavar="FILE")
    ] = None,
) -> None:
    """Report every mistake in scenarios, mappings, cells, serve and SLO files with file:line:column. Exit: 0 none, 2 some."""
    if files:
        _validate_files(files, platform, cells)
        return
    given = cells or (DEFAULT_CELLS if DEFAULT_CELLS.is_file() else None)
    project = open_project(Sources.found(cells=given, platforms=None))
    _require_fit(project)
    write(f"ok: {_counted(project)}{_counted_probes()}{_counted_objectives(project)}")


def _counted(project: Project) -> str:
    counts = {"scenario": project.scenarios, "platform mapping": project.platforms, "cell": project.cells}
    return ", ".join(f"{len(found)} {noun}{'' if len(found) == 1 else 's'}" for noun, found in counts.items())


def _counted_probes() -> str:
    """What the project's serve file plays; "" where it has none. Raises AuthorError with its mistakes."""
    if not DEFAULT_SERVE.is_file():
        return ""
    plan = load_serving(DEFAULT_SERVE, known_checks=CHECK_NAMES, hooks_of=lambda cells: hooks_of([cells]))
    return f", {len(plan.probes)} probe{'' if len(plan.probes) == 1 else 's'} of {DEFAULT_SERVE}"


def _counted_objectives(project: Project) -> str:
    """What the project's SLO file promises, about SLIs that its mappings tell; "" where it has none. Raises AuthorError."""
    if not DEFAULT_SLO.is_file():
        return ""
    count = len(load_slo(DEFAULT_SLO, known=known_slis(project)).objectives)
    return f", {count} objective{'' if count == 1 else 's'} of {DEFAULT_SLO}"


def _require_fit(project: Project) -> None:
    """Each scenario on each cell of its platform. Raises AuthorError with all mistakes."""
    mistakes = [
        mistake
        for linked in project.scenarios.values()
        for cell in project.cells.values()
        if cell.platform in linked
        for mistake in bind(linked[cell.platform], cell)
    ]
    if mistakes:
        raise AuthorError(mistakes)


def _validate_files(given: Sequence[Path], mapping: Path | None, cells: Path | None) -> None:
    files = [path for one in given for path in (yaml_files(one) if one.is_dir() else (one,))]
    if not files:
        raise AuthorError.at(NOWHERE, f"there is no YAML file in {', '.join(map(str, given))}")
    mistakes: list[Mistake] = []
    resolve_hook = cache(hooks_of(_allowing(files, cells)))
    platforms = _mappings(files, mapping, mistakes, resolve_hook)
    for path in files:
        mistakes += _mistakes_of(path, platforms, resolve_hook)
    if mistakes:
        raise AuthorError(mistakes)
    write(f"ok: {len(files)} file{'' if len(files) == 1 else 's'}{_not_held(files)}")


def _not_held(files: Sequence[Path]) -> str:
    """An SLO's SLIs are names of a mapping's, and files that are given one by one are no project that would have it."""
    slos = [path for path in files if _is(FileKind.SLO, path)]
    if not slos:
        return ""
    told = f"that a mapping has the SLIs of {', '.join(map(str, slos))} was not looked at"
    return f"; {told}: `synthetic validate` alone, in a project's folder, does so for its {DEFAULT_SLO}"


def _allowing(files: Sequence[Path], cells: Path | None) -> list[Path]:
    """The cells files that say which Python may be used: the one that is given, else those among the files, else the project's."""
    if cells is not None and not cells.is_file():
        raise AuthorError.at(NOWHERE, f"there is no cells file '{cells}' here")
    among = [path for path in files if _is(FileKind.CELLS, path)]
    own = [DEFAULT_CELLS] if DEFAULT_CELLS.is_file() else []
    return [cells] if cells is not None else among or own


def _mappings(
    files: Sequence[Path], mapping: Path | None, mistakes: list[Mistake], resolve_hook: ResolveHook
) -> list[PlatformPlan]:
    """What scenarios are checked against: the mapping that is given, those among the files, the project's, the shipped."""
    among = [path for path in files if _is(FileKind.PLATFORM, path)]
    own = [path for folder in PLATFORM_FOLDERS for path in yaml_files(Path(folder))]
    shipped = yaml_files(shipped_root() / "fixtures" / "platforms")
    chosen = [mapping] if mapping is not None else among or own or list(shipped)
    plans = []
    for path in chosen:
        try:
            plans.append(load_platform(path, resolve_hook=resolve_hook))
        except AuthorError as error:
            if path not in among:
                mistakes += error.mistakes
    return plans


def _is(kind: FileKind, path: Path) -> bool:
    try:
        return kind_of(path) is kind
    except AuthorError:
        return False  # told when the file itself is read


def _hooks_beside(cells: Path) -> ResolveHook:
    return hooks_of([cells])


def _mistakes_of(path: Path, platforms: Sequence[PlatformPlan], resolve_hook: ResolveHook) -> list[Mistake]:
    """A scenario has to fit one of the mappings; where it fits none, it is told what is wrong with the nearest."""
    tries: list[list[Mistake]] = []
    linked_to: Sequence[PlatformPlan | None] = platforms or [None]
    for platform in linked_to:
        try:
            load_anything(
                path, platform=platform, known_checks=CHECK_NAMES, resolve_hook=resolve_hook, hooks_of=_hooks_beside
            )
        except AuthorError as error:
            tries.append(list(error.mistakes))
        else:
            return []
    return min(tries, key=len)
