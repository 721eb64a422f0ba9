"""What load may be played at all: on which cell, under which budget."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from synthetic.config.shipped import shipped_root
from synthetic.core.errors import AuthorError, RefusedByPolicy
from synthetic.core.money import Money
from synthetic.locust_user.asked import Paths, caps_of, read_asked, require_load
from synthetic.locust_user.plays import Plays

pytestmark = pytest.mark.slow

BUDGET = {"run": "5.00 EUR", "day": "50.00 EUR"}
PLAYS = Plays({"deposit-bet-withdraw": 1}, BUDGET, {})


def test_a_cell_that_is_marked_is_played_with_every_row_of_the_matrix(shipped_cells: Path) -> None:
    """Three PSPs by two providers, from the scenario and the mapping that come with Synthetic."""
    asked = read_asked(Paths(shipped_cells), {"Player": PLAYS})
    (played,) = asked.played["Player"]
    assert (asked.cell.name, len(played.rows), asked.caps.day) == ("canary", 6, Money(5000, "EUR"))
    assert asked.cost(played.plan) == Money(100, "EUR")


def test_rows_are_kept_by_their_columns(shipped_cells: Path) -> None:
    """Load on one PSP only."""
    asked = read_asked(Paths(shipped_cells), {"Player": replace(PLAYS, only={"psp": "psp-b"})})
    assert {row["psp"] for row in asked.played["Player"][0].rows} == {"psp-b"}


def test_a_cell_that_is_not_marked_is_refused(shipped_cells: Path) -> None:
    """Nobody allowed it; the sentence says who can."""
    text = shipped_cells.read_text(encoding="utf-8")
    shipped_cells.write_text(
        "\n".join(line for line in text.splitlines() if "load: true" not in line), encoding="utf-8"
    )
    with pytest.raises(RefusedByPolicy, match=r"'canary' is not marked for load; its owner allows it by `load: true`"):
        read_asked(Paths(shipped_cells), {"Player": PLAYS})


def test_production_is_refused_however_it_is_marked(shipped_cells: Path) -> None:
    """By the file already, and once more where load begins."""
    cell = read_asked(Paths(shipped_cells), {"Player": PLAYS}).cell
    with pytest.raises(RefusedByPolicy, match="is in production: load is never played where real players are"):
        require_load(replace(cell, environment="production"))
    shipped_cells.write_text(
        shipped_cells.read_text(encoding="utf-8").replace("environment: reference", "environment: production")
    )
    with pytest.raises(AuthorError, match=r"cells.yaml:\d+:\d+: `load: true` in production"):
        read_asked(Paths(shipped_cells), {"Player": PLAYS})


@pytest.mark.parametrize("environment", ["prod", "live", "production-eu", "prd_2", "eu-prod1"])
def test_production_is_refused_however_it_is_spelled(shipped_cells: Path, environment: str) -> None:
    """Nobody finds out by a load on real players that the word was another one."""
    cell = read_asked(Paths(shipped_cells), {"Player": PLAYS}).cell
    with pytest.raises(RefusedByPolicy, match=f"is in production: .* \\(environment: {environment}\\)"):
        require_load(replace(cell, environment=environment))
    shipped_cells.write_text(
        shipped_cells.read_text(encoding="utf-8").replace("environment: reference", f"environment: {environment}")
    )
    with pytest.raises(AuthorError, match=r"cells.yaml:\d+:\d+: `load: true` in production"):
        read_asked(Paths(shipped_cells), {"Player": PLAYS})


@pytest.mark.parametrize("environment", ["staging", "pre-production", "preprod", "non-prod", "products", "delivery"])
def test_what_only_looks_like_production_takes_load(shipped_cells: Path, environment: str) -> None:
    """A load cell before production is what load is for."""
    cell = read_asked(Paths(shipped_cells), {"Player": PLAYS}).cell
    require_load(replace(cell, environment=environment))


@pytest.mark.parametrize(
    ("budget", "says"),
    [
        ({}, "says nothing of run, day"),
        ({"run": "5.00 EUR"}, "says nothing of day"),
        ({**BUDGET, "dya": "1.00 EUR"}, "there is no cap of the budget 'dya'; did you mean 'day'"),
        ({**BUDGET, "day": "50.00 USD"}, "is not in EUR"),
        ({**BUDGET, "day": "lots"}, "the cap 'day' of the budget"),
    ],
)
def test_load_without_a_budget_of_its_own_is_refused(budget: dict[str, str], says: str) -> None:
    """Every mistake by its cap."""
    with pytest.raises(AuthorError, match=says):
        caps_of(budget, "EUR")


def test_a_run_that_costs_more_than_its_cap_is_refused(shipped_cells: Path) -> None:
    """It would be cut off in its middle, each time."""
    with pytest.raises(AuthorError, match=r"brings in 1.00 EUR, over the cap of a run \(0.50 EUR\)"):
        read_asked(Paths(shipped_cells), {"Player": replace(PLAYS, budget={"run": "0.50 EUR", "day": "50.00 EUR"})})


def test_a_scenario_that_there_is_not_is_guessed_at(shipped_cells: Path) -> None:
    """As on the command line."""
    with pytest.raises(AuthorError, match="did you mean 'deposit-bet-withdraw'"):
        read_asked(
            Paths(shipped_cells, scenarios=shipped_root() / "scenarios" / "cashier"),
            {"Player": replace(PLAYS, plays={"deposit-bet-withdrew": 1})},
        )


def test_users_with_different_budgets_are_refused(shipped_cells: Path) -> None:
    """A test has one."""
    with pytest.raises(AuthorError, match="have different budgets"):
        read_asked(
            Paths(shipped_cells), {"A": PLAYS, "B": replace(PLAYS, budget={"run": "1.00 EUR", "day": "2.00 EUR"})}
        )
