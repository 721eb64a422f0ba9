"""What a load test was asked for: cell, scenarios with their weights, budget, thresholds. What may not be played is refused."""

from __future__ import annotations

import re
import ssl
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from synthetic.config.cell_secrets import CellSecrets, cell_secrets
from synthetic.config.cells import load_cells
from synthetic.config.names import NOWHERE, pick
from synthetic.config.project import PLATFORM_FOLDERS, Project, ProjectFiles, load_project, yaml_files
from synthetic.config.scenarios import bind, matrix_rows
from synthetic.config.serving_rules import brought_in
from synthetic.config.shipped import shipped_root
from synthetic.config.slo import load_slo, shipped_policy
from synthetic.core.checks import CHECKS
from synthetic.core.errors import AuthorError, RefusedByPolicy
from synthetic.core.money import Money, MoneyError
from synthetic.core.plan import CellPlan, ScenarioPlan
from synthetic.core.plan_serving import sounds_like_production
from synthetic.drivers.of_cells import tls_of
from synthetic.extensions import HookResolver
from synthetic.gate.policy import Policy
from synthetic.journal.model import Caps
from synthetic.locust_user.plays import Plays

_NAME = re.compile(r"^scenario: *['\"]?([\w.-]+)", re.MULTILINE)
CAPS = ("run", "account_day", "day", "outstanding")
NEEDED_CAPS = ("run", "day")


@dataclass(frozen=True, slots=True)
class Paths:
    """Where things are. `scenarios` and `platforms` None: in the working directory, or those that come with this package."""

    cells: Path
    cell: str = ""
    scenarios: Path | None = None
    platforms: Path | None = None
    slo: Path | None = None

    def found_scenarios(self) -> Path:
        """The folder of scenarios."""
        own = self.scenarios or Path("scenarios")
        return own if own.is_dir() or self.scenarios else shipped_root() / "scenarios"

    def found_platforms(self) -> Path:
        """The folder of mappings."""
        own = [Path(folder) for folder in PLATFORM_FOLDERS if Path(folder).is_dir()]
        return self.platforms or (own[0] if own else shipped_root() / "fixtures" / "platforms")


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario of the load: how often it is chosen, and the rows of its matrix, which are played in turn."""

    plan: ScenarioPlan
    weight: int
    rows: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A load test that may be played. `played`: by the name of the user class."""

    paths: Paths
    cell: CellPlan
    played: Mapping[str, tuple[Played, ...]]
    caps: Caps
    policy: Policy
    secrets: CellSecrets
    tls: ssl.SSLContext

    def cost(self, plan: ScenarioPlan) -> Money:
        """What one run brings into wallets for certain."""
        return brought_in(plan, self.cell.currency)


def read_asked(paths: Paths, classes: Mapping[str, Plays]) -> Asked:
    """Read and check everything before any user is there, for all user classes.

    Raises AuthorError for mistakes, RefusedByPolicy where load may not be played.
    """
    cells = _cells(paths)
    cell = pick(cells, paths.cell, "cell") if paths.cell else next(iter(cells.values()))
    require_load(cell)
    caps = caps_of(_one_budget(classes), cell.currency)
    project = _project(paths, cells, {name for one in classes.values() for name in one.plays})
    played = {name: _all_played(project, name, one, cell, caps) for name, one in classes.items()}
    policy = load_slo(paths.slo) if paths.slo is not None else shipped_policy()
    return Asked(paths, cell, played, caps, policy, cell_secrets(cell), tls_of(cell))


def _one_budget(classes: Mapping[str, Plays]) -> Mapping[str, str]:
    """The budget is of the whole test. Raises AuthorError where two classes say different ones."""
    if not classes:
        raise AuthorError.at(NOWHERE, "no user of this locustfile plays scenarios", "subclass ScenarioUser")
    budgets = [dict(one.budget) for one in classes.values()]
    if any(budget != budgets[0] for budget in budgets):
        message = f"the users {', '.join(classes)} have different budgets"
        raise AuthorError.at(
            NOWHERE, message, "a test has one budget: give it to a class that all of them inherit from"
        )
    return budgets[0]


def require_load(cell: CellPlan) -> None:
    """Load moves money as well, and much of it: only where the cell's owner has said so. Raises RefusedByPolicy."""
    if sounds_like_production(cell.environment):
        raise RefusedByPolicy(
            f"cell {cell.name!r} is in production: load is never played where real players are"
            f" (environment: {cell.environment})"
        )
    if not cell.load:
        raise RefusedByPolicy(
            f"cell {cell.name!r} is not marked for load; its owner allows it by `load: true` in the cells file"
            f" ({cell.place})"
        )


def caps_of(budget: Mapping[str, str], currency: str) -> Caps:
    """The budget of a load test, as its locustfile says it. Raises AuthorError, also where a cap that is needed is missing."""
    for name in budget:
        pick({cap: cap for cap in CAPS}, name, "cap of the budget")
    missing = [name for name in NEEDED_CAPS if name not in budget]
    if missing:
        message = f"load has a budget of its own, and this one says nothing of {', '.join(missing)}"
        hint = f'say `budget = {{"run": "5.00 {currency}", "day": "5000.00 {currency}"}}` in the locustfile'
        raise AuthorError.at(NOWHERE, message, hint)
    return Caps(**{name: _cap(name, text, currency) for name, text in budget.items()})


def _cap(name: str, text: str, currency: str) -> Money:
    try:
        cap = Money.parse(text)
    except MoneyError as error:
        raise AuthorError.at(NOWHERE, f"the cap {name!r} of the budget: {error}") from None
    if cap.currency != currency:
        raise AuthorError.at(NOWHERE, f"the cap {name!r} of the budget ({cap}) is not in {currency}, as the cell is")
    return cap


def _require_enough(plan: ScenarioPlan, cell: CellPlan, caps: Caps) -> None:
    needed = brought_in(plan, cell.currency)
    if caps.run is not None and needed > caps.run:
        raise AuthorError.at(
            plan.place, f"one run brings in {needed}, over the cap of a run ({caps.run}) of the budget"
        )


def _cells(paths: Paths) -> Mapping[str, CellPlan]:
    if not paths.cells.is_file():
        hint = "give --cells FILE; `synthetic reference up --players 60 --write-cells cells.yaml` writes one to try"
        raise AuthorError.at(NOWHERE, f"there is no cells file '{paths.cells}' here", hint)
    return load_cells(paths.cells)


def _project(paths: Paths, cells: Mapping[str, CellPlan], names: Collection[str]) -> Project:
    for folder in (paths.found_scenarios(), paths.found_platforms()):
        if not folder.is_dir():
            raise AuthorError.at(NOWHERE, f"there is no folder '{folder}'")
    allowed = sorted({module for cell in cells.values() for module in cell.python})
    scenarios = _files_of(names, yaml_files(paths.found_scenarios()))
    files = ProjectFiles(scenarios, yaml_files(paths.found_platforms()), paths.cells)
    return load_project(files, known_checks=frozenset(CHECKS), resolve_hook=HookResolver.of(allowed))


def _files_of(names: Collection[str], files: Sequence[Path]) -> tuple[Path, ...]:
    """The files of these scenarios: workers start together, and a whole project takes each of them seconds to read.

    All files where one of the names is in none, so that its mistake is told with a did-you-mean.
    """
    found = {path: _NAME.findall(path.read_text(encoding="utf-8")) for path in files}
    chosen = tuple(path for path, told in found.items() if set(told) & set(names))
    return chosen if set(names) <= {name for told in found.values() for name in told} else tuple(files)


def _all_played(project: Project, user: str, plays: Plays, cell: CellPlan, caps: Caps) -> tuple[Played, ...]:
    if not plays.plays:
        raise AuthorError.at(NOWHERE, f"{user} plays no scenario", "say `plays = {'deposit-bet-withdraw': 1}`")
    played = tuple(_played(project, name, weight, cell, plays.only) for name, weight in plays.plays.items())
    for one in played:
        _require_enough(one.plan, cell, caps)
    return played


def _played(project: Project, name: str, weight: int, cell: CellPlan, only: Mapping[str, str]) -> Played:
    plan = pick(project.scenarios, name, "scenario")[cell.platform]
    if mistakes := bind(plan, cell):
        raise AuthorError(mistakes)
    rows = [row for row in matrix_rows(plan, cell) if all(row.get(key) == value for key, value in only.items())]
    if not rows:
        raise AuthorError.at(plan.place, f"no row of {name} has {dict(only)} on cell {cell.name}")
    return Played(plan, weight, tuple(rows))
