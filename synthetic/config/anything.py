"""Loads a file of any kind, recognised by its keys: for `synthetic validate FILE...`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from synthetic.config.cells import load_cells
from synthetic.config.files import load_mapping
from synthetic.config.histories import HistoryCase, load_histories
from synthetic.config.operations import ResolveHook
from synthetic.config.platforms import load_platform, no_hooks
from synthetic.config.problems import Problems
from synthetic.config.scenarios import load_scenario
from synthetic.config.serving import HooksOf, load_serving
from synthetic.config.slo import load_slo
from synthetic.core.errors import AuthorError, Place
from synthetic.core.expressions import did_you_mean
from synthetic.core.plan import CellPlan, PlatformPlan, ScenarioPlan
from synthetic.core.plan_serving import ServingPlan
from synthetic.gate.policy import Policy


class FileKind(StrEnum):
    """The kinds of files that this package reads."""

    SCENARIO = "scenario"
    PLATFORM = "platform"
    CELLS = "cells"
    HISTORIES = "histories"
    SERVING = "serving"
    SLO = "slo"


_TELLING = {
    "scenario": FileKind.SCENARIO,
    "platform": FileKind.PLATFORM,
    "cells": FileKind.CELLS,
    "allow": FileKind.CELLS,
    "check": FileKind.HISTORIES,
    "serve": FileKind.SERVING,
    "slo": FileKind.SLO,
}
_ALSO_TELLING = {
    "steps": FileKind.SCENARIO,
    "operations": FileKind.PLATFORM,
    "cases": FileKind.HISTORIES,
    "probes": FileKind.SERVING,
    "objectives": FileKind.SLO,
}
Loaded = ScenarioPlan | PlatformPlan | dict[str, CellPlan] | tuple[HistoryCase, ...] | ServingPlan | Policy


def kind_of(path: Path, *, text: str | None = None) -> FileKind:
    """What a file is. Raises AuthorError where it is no YAML, or none of ours."""
    problems = Problems()
    file = load_mapping(path, problems, text)
    if file is None:
        problems.raise_any()
        raise AssertionError("a file that is not read has a mistake")
    for key in (*file.data, *_ALSO_TELLING):
        kind = _TELLING.get(key) or (_ALSO_TELLING.get(key) if key in file.data else None)
        if kind is not None:
            return kind
    first = next(iter(file.data), None)
    hint = did_you_mean(first, list(_TELLING)) if first else ""
    place = first.place if first else Place(str(path))
    raise AuthorError.at(
        place, "this is no scenario, platform mapping, cells file, serve file, SLO file or file of histories", hint
    )


def load_anything(
    path: Path,
    *,
    platform: PlatformPlan | None = None,
    known_checks: frozenset[str] | None = None,
    resolve_hook: ResolveHook = no_hooks,
    hooks_of: HooksOf = lambda _cells: no_hooks,
    text: str | None = None,
) -> Loaded:
    """Load a file of any kind; a scenario is linked to `platform`, a serve file to what it names itself.

    Raises AuthorError with all mistakes.
    """
    match kind_of(path, text=text):
        case FileKind.PLATFORM:
            return load_platform(path, text=text, resolve_hook=resolve_hook)
        case FileKind.CELLS:
            return load_cells(path, text=text)
        case FileKind.HISTORIES:
            return load_histories(path, known_checks=known_checks or frozenset(), text=text)
        case FileKind.SERVING:
            return load_serving(path, known_checks=known_checks, hooks_of=hooks_of, text=text)
        case FileKind.SLO:
            return load_slo(path, text=text)
        case FileKind.SCENARIO:
            if platform is None:
                raise AuthorError.at(Place(str(path)), "a scenario needs a platform mapping to be checked against")
            return load_scenario(path, platform, known_checks=known_checks, text=text)
