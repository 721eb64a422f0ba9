"""Loads a serve file, and with it everything that it names: the cells, the mappings and the scenarios."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from synthetic.config.files import load_mapping
from synthetic.config.located import Text
from synthetic.config.models.serving import ServingModel
from synthetic.config.operations import ResolveHook
from synthetic.config.platforms import no_hooks
from synthetic.config.positions import read_model
from synthetic.config.problems import Problems
from synthetic.config.project import Project, ProjectFiles, load_project, yaml_files
from synthetic.config.secret_refs import is_reference, is_well_formed, resolve
from synthetic.config.serving_probes import check_cells, link_probes
from synthetic.config.serving_rules import (
    REFERENCE_HINT,
    check_budgets,
    check_series,
    link_budgets,
    link_density,
    link_kill,
    link_limits,
    link_maintenance,
    link_policies,
    link_weekly,
)
from synthetic.core.errors import AuthorError
from synthetic.core.plan_serving import ProbePlan, ServingPlan

LISTEN = "127.0.0.1:9464"
AUDIT = "audit"
SCENARIOS, PLATFORMS = "scenarios", "platforms"
SQLITE = "sqlite:///"
_LISTEN = re.compile(r"(\[[0-9A-Fa-f:]+\]|[^\s:/]+):([0-9]{1,5})")
_URL = re.compile(r"[a-z][a-z0-9+]*://")
_WITH_PASSWORD = re.compile(r"[a-z][a-z0-9+]*://[^/@\s]*:[^/@\s]*@|[?&]password=")
HooksOf = Callable[[Path], ResolveHook]
"""The Python operations that a cells file allows."""


def load_serving(
    path: Path,
    *,
    known_checks: frozenset[str] | None = None,
    hooks_of: HooksOf = lambda _cells: no_hooks,
    text: str | None = None,
) -> ServingPlan:
    """Load a serve file; with `text`, that is read in place of the file. Raises AuthorError with the mistakes of all files."""
    problems = Problems()
    file = load_mapping(path, problems, text)
    model: ServingModel | None = read_model(ServingModel, file.data, problems) if file is not None else None
    plan = None
    if file is not None and model is not None:
        files = project_files(model, path, problems)
        project = _load_project(files, problems, known_checks, hooks_of)
        plan = _link(model, path, project, _digest(file.digest, files), _named(files, path), problems)
    problems.raise_any()
    assert plan is not None, "a serve file without a plan has a mistake"
    return plan


def project_files(model: ServingModel, path: Path, problems: Problems) -> ProjectFiles:
    """The files that a serve file names, as they are now."""
    cells = path.parent / model.cells
    if not model.cells.stands_in and not cells.is_file():
        problems.add(model.cells.place, f"there is no cells file '{model.cells}' beside this one")
    return ProjectFiles(
        _files(model.scenarios or [Text(SCENARIOS, model.source.place)], path, problems),
        _files(model.platforms or [Text(PLATFORMS, model.source.place)], path, problems),
        cells if cells.is_file() else None,
    )


def _files(named: list[Text], path: Path, problems: Problems) -> tuple[Path, ...]:
    found: dict[Path, None] = {}
    for name in named:
        here = path.parent / name
        files = yaml_files(here) if here.is_dir() else (here,) if here.is_file() else ()
        if not files:
            problems.add(name.place, f"there is no YAML file at '{name}' beside this file")
        found |= dict.fromkeys(files)
    return tuple(found)


def _folders(model: ServingModel, path: Path) -> tuple[str, ...]:
    named = map(str, (*(model.scenarios or (SCENARIOS,)), *(model.platforms or (PLATFORMS,))))
    return tuple(str(path.parent / name) for name in named if (path.parent / name).is_dir())


def _load_project(
    files: ProjectFiles, problems: Problems, known_checks: frozenset[str] | None, hooks_of: HooksOf
) -> Project | None:
    if files.cells is None:
        return None
    try:
        return load_project(files, known_checks=known_checks, resolve_hook=hooks_of(files.cells))
    except AuthorError as error:
        problems.mistakes += error.mistakes
        return None


def _link(
    model: ServingModel, path: Path, project: Project | None, digest: str, files: tuple[str, ...], problems: Problems
) -> ServingPlan:
    budgets = link_budgets(model, problems)
    limits = link_limits(model.limits, problems)
    probes: tuple[ProbePlan, ...] = ()
    if project is not None:
        probes = link_probes(model, project, problems)
        check_budgets(model, budgets, probes, problems)
        check_series(model, probes, limits, problems)
        for window in model.maintenance:
            check_cells(window.cells, project, problems)
    return ServingPlan(
        place=model.source.place,
        name=str(model.serve),
        digest=digest,
        files=files,
        folders=_folders(model, path),
        probes=probes,
        database=_link_database(model, path, problems),
        listen=_link_listen(model, problems),
        audit=str(path.parent / (model.audit or AUDIT)),
        budgets=budgets,
        policies=link_policies(model, problems),
        maintenance=link_maintenance(model, problems),
        reconcile=link_weekly(model.reconcile),
        kill=link_kill(model.kill, path.parent, problems),
        density=link_density(model.density),
        limits=limits,
        otlp=_link_address(model.otlp, "otlp", problems),
        scenarios=project.scenarios if project is not None else {},
        cells=project.cells if project is not None else {},
    )


def _link_database(model: ServingModel, path: Path, problems: Problems) -> str:
    """A path as one that holds from anywhere; a URL or a reference as it stands."""
    written = _link_address(model.database, "database", problems)
    if is_reference(written) or (_URL.match(written) and not written.startswith(SQLITE)):
        return written
    return str(path.parent / written.removeprefix(SQLITE))


def _link_address(text: Text | None, key: str, problems: Problems) -> str:
    """An address with a password in it is a secret, so it has to be a reference."""
    if text is None:
        return ""
    if is_reference(text) and not is_well_formed(text):
        problems.add(text.place, f"`{key}` is no well-formed reference", REFERENCE_HINT)
    elif not text.stands_in and not text.strip():
        problems.add(text.place, f"`{key}` is empty")
    elif _WITH_PASSWORD.search(text):
        problems.add(text.place, f"`{key}` has a password in it; a secret is a reference", REFERENCE_HINT)
    return str(text)


def _link_listen(model: ServingModel, problems: Problems) -> tuple[str, int]:
    written = _LISTEN.fullmatch(model.listen or LISTEN)
    if written is None or int(written[2]) > 65535:
        assert model.listen is not None
        problems.add(model.listen.place, f"expected host:port such as {LISTEN}, found '{model.listen}'")
        return "", 0
    return written[1].strip("[]"), int(written[2])


def secret_of(plan: ServingPlan, written: str) -> str:
    """The database, the token or the address that a plan means: what a reference leads to, anything else as it stands.

    Raises AuthorError where a reference leads nowhere.
    """
    if not is_reference(written):
        return written
    try:
        return resolve(written, Path(plan.place.file).parent)
    except ValueError as error:
        raise AuthorError.at(plan.place, f"{error}") from None


def _named(files: ProjectFiles, path: Path) -> tuple[str, ...]:
    cells = [files.cells] if files.cells is not None else []
    return tuple(map(str, (path, *cells, *files.platforms, *files.scenarios)))


def _digest(own: str, files: ProjectFiles) -> str:
    """The first 12 hexadecimal digits of the SHA-256 over every file's own."""
    total = hashlib.sha256(own.encode())
    for path in (*([files.cells] if files.cells is not None else []), *files.platforms, *files.scenarios):
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:12]
