"""Collection: a scenario file becomes a file of tests, one per matrix row, with marks from its tags."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import bind, load_scenario, matrix_rows
from synthetic.core.checks import CHECKS
from synthetic.core.errors import AuthorError, SyntheticError
from synthetic.core.events import RunEnded
from synthetic.core.expressions import did_you_mean
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import CellPlan, PlatformPlan, ScenarioPlan
from synthetic.core.ports import fan_out
from synthetic.extensions import HookResolver
from synthetic.pytest_plugin.cells import chosen_cell
from synthetic.pytest_plugin.options import OPTIONS, Options
from synthetic.pytest_plugin.telling import Telling, allure_sink
from synthetic.runner.blocking import BlockingSession


class ScenarioFile(pytest.File):
    """One scenario file."""

    def collect(self) -> Iterator[pytest.Item]:
        """One test per matrix row."""
        options = self.config.stash[OPTIONS]
        try:
            cell = _matrix_cell(options)
            plan = linked(self.path, cell, options.platforms)
            rows = matrix_rows(plan, cell)
        except AuthorError as error:
            raise self.CollectError(str(error)) from None
        for row in rows:
            name = plan.name + (f"[{','.join(f'{k}={v}' for k, v in row.items())}]" if row else "")
            item = ScenarioItem.from_parent(self, name=name, callobj=_playing(self.path, row, options))
            item.place = (self.path, plan.place.line, plan.title)
            for tag in ("synthetic", *plan.tags):
                item.add_marker(_mark(self.config, tag))
            yield item


def _mark(config: pytest.Config, tag: str) -> pytest.MarkDecorator:
    """The mark of a tag, declared on the way, so that `--strict-markers` accepts the scenarios' own words."""
    name = re.sub(r"\W", "_", tag)
    config.addinivalue_line("markers", f"{name}: scenarios tagged {tag}")
    return getattr(pytest.mark, name)  # type: ignore[no-any-return]


class ScenarioItem(pytest.Function):
    """One row of a scenario as a test."""

    place: tuple[Path, int, str]

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the scenario stands."""
        path, line, _ = self.place
        return path, line - 1, self.name

    def repr_failure(  # type: ignore[override] # as pytest.Function itself has it
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> Any:
        """A failed scenario tells its run, a mistake its place, and neither our stack."""
        if isinstance(excinfo.value, ScenarioFailed | SyntheticError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class ScenarioFailed(AssertionError):  # noqa: N818 - it says what happened
    """The run did not end as the scenario wants; the message is its waterfall."""


def _playing(path: Path, row: Mapping[str, str], options: Options) -> Callable[..., None]:
    def play_scenario(synthetic_session: BlockingSession) -> None:
        session = synthetic_session
        plan = linked(path, session.cell, options.platforms)
        if mistakes := bind(plan, session.cell):
            raise AuthorError(mistakes)
        told = Telling()
        with allure_sink(plan, row) as allure:
            judge(session.play(plan, row, sink=fan_out([told, allure])), told)

    return play_scenario


def judge(ended: RunEnded, told: Telling) -> None:
    """Raise ScenarioFailed for a run that is not ok, and skip one that says nothing; but stranded money always fails."""
    if ended.outcome is RunOutcome.TAINTED and not ended.stranded:
        pytest.skip(f"the harness was too slow to say: {ended.reason}")
    if ended.outcome is not RunOutcome.OK or ended.stranded:
        raise ScenarioFailed(told.waterfall())


@cache
def _platforms(folders: tuple[Path, ...], python: tuple[str, ...]) -> dict[str, PlatformPlan]:
    """The mappings by platform. Python operations come from the modules that the cells file allows, and from no other."""
    hooks = HookResolver.of(python)
    paths = [path for folder in folders for path in sorted(folder.glob("*.y*ml"))]
    plans = [load_platform(path, resolve_hook=hooks) for path in paths]
    return {plan.name: plan for plan in plans}


@cache
def _matrix_cell(options: Options) -> CellPlan:
    if options.matrix_cells is None:
        raise pytest.UsageError("give --synthetic-cells FILE: the cell tells the rows of a scenario's matrix")
    return chosen_cell(load_cells(options.matrix_cells), options.cell)


def linked(path: Path, cell: CellPlan, folders: tuple[Path, ...]) -> ScenarioPlan:
    """The scenario on the mapping of the cell's platform. Raises AuthorError, also where there is no such mapping."""
    platforms = _platforms(folders, cell.python)
    if cell.platform not in platforms:
        message = f"cell {cell.name!r} is of platform {cell.platform!r}, for which there is no mapping"
        where = f"the ini option synthetic_platforms says where they are: {', '.join(map(str, folders))}"
        guess = did_you_mean(cell.platform, list(platforms))
        raise AuthorError.at(cell.place, message, f"{guess}; {where}" if guess else where)
    return load_scenario(path, platforms[cell.platform], known_checks=frozenset(CHECKS))
