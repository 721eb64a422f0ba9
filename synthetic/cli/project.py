"""The project that a command works on: where its files are, everything in them, and what was chosen of it."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthetic.cli.screen import say
from synthetic.config.cells import load_cells
from synthetic.config.names import NOWHERE, pick
from synthetic.config.operations import ResolveHook
from synthetic.config.project import PLATFORM_FOLDERS, Project, ProjectFiles, load_project, yaml_files
from synthetic.config.shipped import shipped_root
from synthetic.core.checks import CHECKS
from synthetic.core.effects import Effect, Result
from synthetic.core.errors import AuthorError
from synthetic.core.plan import CellPlan, Hook
from synthetic.extensions import HookResolver
from synthetic.runner.turns import Linked

CHECK_NAMES = frozenset(CHECKS)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a project's files are; asked anew at each look, so that a new file is seen. `cells` None: no cell is needed."""

    scenarios: Path
    platforms: tuple[Path, ...]
    cells: Path | None = None

    @classmethod
    def found(cls, *, cells: Path | None, scenarios: Path | None = None, platforms: Path | None = None) -> Sources:
        """The given folders, else those of the working directory. Raises AuthorError where there are none."""
        own = tuple(Path(folder) for folder in PLATFORM_FOLDERS if Path(folder).is_dir())
        mappings = (platforms,) if platforms is not None else own or (Path(PLATFORM_FOLDERS[-1]),)
        for folder in mappings:
            _require(folder, "--platforms")
        return cls(_require(scenarios or Path("scenarios"), "--scenarios"), mappings, cells)

    @classmethod
    def shipped(cls, cells: Path) -> Sources:
        """The scenarios and the mapping that come with this package, on these cells."""
        root = shipped_root()
        return cls(root / "scenarios", (root / "fixtures" / "platforms",), cells)

    def project_files(self) -> ProjectFiles:
        """Every file of it, as it is now."""
        platforms = [path for folder in self.platforms for path in yaml_files(folder)]
        return ProjectFiles(yaml_files(self.scenarios), tuple(platforms), self.cells)

    def watched(self) -> tuple[Path, ...]:
        """The files whose change is a change of the project."""
        files = self.project_files()
        return (*files.scenarios, *files.platforms, *([files.cells] if files.cells else []))


def _require(folder: Path, option: str) -> Path:
    if not folder.is_dir():
        hint = f"give {option} DIR, or start in a project; `synthetic init DIR` makes one"
        raise AuthorError.at(NOWHERE, f"there is no folder '{folder}' here", hint)
    return folder


def open_project(sources: Sources) -> Project:
    """Load everything. Raises AuthorError with the mistakes of all files at once."""
    if sources.cells is not None and not sources.cells.is_file():
        hint = "give --cells FILE; `synthetic init DIR` writes one to start from"
        raise AuthorError.at(NOWHERE, f"there is no cells file '{sources.cells}' here", hint)
    cells = [sources.cells] if sources.cells is not None else []
    return load_project(sources.project_files(), known_checks=CHECK_NAMES, resolve_hook=hooks_of(cells))


def hooks_of(cells: Sequence[Path]) -> ResolveHook:
    """Python operations from the modules that the operator's cells files allow, and from no other.

    Without a cells file nobody has said what is allowed, and nothing can be played: then none is imported, and none refused.
    """
    if not cells:
        return _unseen
    allowed: set[str] = set()
    for path in cells:
        with suppress(AuthorError):  # told when the file itself is read
            allowed |= {module for cell in load_cells(path).values() for module in cell.python}
    return HookResolver.of(sorted(allowed))


def _unseen(dotted: str) -> Hook:
    say(f"not looked up, as no cells file says which modules may be used: python: {dotted}", style="dim")

    def never_played(*_: object) -> Generator[Effect, Result, Mapping[str, Any]]:
        yield from ()  # a generator function, as every operation in Python is
        raise AssertionError(f"{dotted} was never looked up")

    return never_played


def chosen_scenarios(project: Project, names: Sequence[str], tags: Sequence[str]) -> list[Linked]:
    """The scenarios of these names, and of those the ones with one of these tags; all where none is given.

    Raises AuthorError with a did-you-mean for a name or a tag that there is not.
    """
    named = [pick(project.scenarios, name, "scenario") for name in names] or list(project.scenarios.values())
    known = {tag: tag for linked in project.scenarios.values() for tag in _tags(linked)}
    wanted = {pick(known, tag, "tag") for tag in tags}
    return [linked for linked in named if not wanted or wanted & _tags(linked)]


def chosen_cells(project: Project, names: Sequence[str]) -> list[CellPlan]:
    """The cells of these names; all where none is given. Raises AuthorError with a did-you-mean."""
    return [pick(project.cells, name, "cell") for name in names] or list(project.cells.values())


def _tags(linked: Linked) -> set[str]:
    return {tag for plan in linked.values() for tag in plan.tags}
