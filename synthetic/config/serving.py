"""Loads a serve file, and with it everything that it names: the cells, the mappings and the scenarios."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from synthetic.config.files import load_mapping
from synthetic.config.located import Text
from synthetic.config.models.serving import ServingModel
from synthetic.config.operations import ResolveHook
from synthetic.config.platforms import no_hooks
from synthetic.config.positions import read_model
from synthetic.config.problems import Problems
from synthetic.config.project import Project, ProjectFiles, load_project, yaml_files
from synthetic.config.secret_refs import REFERENCE_HINT, is_reference, is_well_formed, resolve
from synthetic.config.serving_gate import link_gate, link_listen, read_gate_slo
from synthetic.config.serving_probes import check_cells, link_probes
from synthetic.config.serving_rules import (
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
        slo = read_gate_slo(model.gate, path.parent, project, problems)
        beside = (*(slo.files if slo is not None else ()), *_pem_files(project))
        plan = _link(model, path, project, _digest(file.digest, files, beside), _named(files, path, beside), problems)
        plan = replace(plan, gate=link_gate(model, plan, slo, problems))
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
        listen=link_listen(model.listen, LISTEN, problems),
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


def _pem_files(project: Project | None) -> tuple[Path, ...]:
    """A certificate that is renewed is a change of the plan, as a scenario that is written again is one."""
    cells = () if project is None else project.cells.values()
    named = dict.fromkeys(Path(file) for cell in cells for file in cell.connection.pem_files)
    return tuple(file for file in named if file.is_file())  # a reference may still lead nowhere


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


def _named(files: ProjectFiles, path: Path, beside: tuple[Path, ...]) -> tuple[str, ...]:
    return tuple(map(str, (path, *_read_with(files, beside))))


def _digest(own: str, files: ProjectFiles, beside: tuple[Path, ...]) -> str:
    """The first 12 hexadecimal digits of the SHA-256 over every file's own."""
    total = hashlib.sha256(own.encode())
    for path in _read_with(files, beside):
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:12]


def _read_with(files: ProjectFiles, beside: tuple[Path, ...]) -> tuple[Path, ...]:
    cells = [files.cells] if files.cells is not None else []
    return (*cells, *files.platforms, *files.scenarios, *beside)
