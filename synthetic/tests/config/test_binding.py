"""A scenario on a cell: rows, and everything that only both together can get wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import bind, load_scenario, matrix_rows
from synthetic.core.errors import AuthorError
from synthetic.core.money import Money
from synthetic.core.plan import CellPlan, PlatformPlan, ScenarioPlan


@pytest.fixture
def cell(cells: dict[str, CellPlan]) -> CellPlan:
    """The reference canary."""
    return cells["canary"]


def scenario(reference: PlatformPlan, text: str) -> ScenarioPlan:
    """A scenario of the reference platform; `lease` and name are added."""
    return load_scenario(Path("s"), reference, text=f'scenario: s\nlease: {{player: "pool:standard"}}\n{text}')


DEPOSIT = "limits: {deposit: 1.00 EUR}\nsteps: [{id: d, call: cashier.deposit, with: {amount: 1.00 EUR, psp: psp-a}}]"


def told(plan: ScenarioPlan, cell: CellPlan) -> list[str]:
    """What `bind` says, without places."""
    return [mistake.message for mistake in bind(plan, cell)]


def test_every_shipped_scenario_fits_the_reference_cells(
    root: Path, reference: PlatformPlan, cells: dict[str, CellPlan]
) -> None:
    """Nothing is wrong with playing them there."""
    for path in (root / "scenarios").rglob("*.yaml"):
        plan = load_scenario(path, reference)
        assert [bind(plan, cell) for cell in cells.values()] == [[], []]


def test_rows_are_every_combination_in_the_order_that_is_written(reference: PlatformPlan, cell: CellPlan) -> None:
    """The last column changes first."""
    plan = scenario(reference, 'matrix: {x: [a, b], psp: "${{ cell.psps }}"}\nsteps: [{id: l, call: auth.login}]')
    rows = matrix_rows(plan, replace(cell, psps=("p", "q")))
    assert rows == [{"x": "a", "psp": "p"}, {"x": "a", "psp": "q"}, {"x": "b", "psp": "p"}, {"x": "b", "psp": "q"}]


def test_without_a_matrix_there_is_one_row(reference: PlatformPlan, cell: CellPlan) -> None:
    """An empty one."""
    assert matrix_rows(scenario(reference, "steps: [{id: l, call: auth.login}]"), cell) == [{}]


def test_a_cell_that_gives_no_rows_is_a_mistake(reference: PlatformPlan, cell: CellPlan) -> None:
    """A scenario that plays nothing must not pass."""
    plan = scenario(reference, 'matrix: {psp: "${{ cell.psps }}"}\nsteps: [{id: l, call: auth.login}]')
    assert told(plan, replace(cell, psps=())) == ["`cell.psps` is empty on cell canary, so s would play nothing"]
    with pytest.raises(AuthorError):
        matrix_rows(plan, replace(cell, psps=()))


def test_a_matrix_of_too_many_rows_is_a_mistake(reference: PlatformPlan, cell: CellPlan) -> None:
    """Counted, not built: six columns of a hundred are a million million rows."""
    column = ", ".join(f"v{number}" for number in range(100))
    matrix = "".join(f"  {name}: [{column}]\n" for name in "abcdef")
    plan = scenario(reference, f"matrix:\n{matrix}steps: [{{id: l, call: auth.logout}}]")
    assert told(plan, cell) == ["the matrix of s has 1000000000000 rows on cell canary, over 1000"]


def test_a_matrix_that_can_not_be_computed_on_a_cell_is_a_mistake(reference: PlatformPlan, cell: CellPlan) -> None:
    """A game that the cell has not, or what is no list of texts."""
    missing = scenario(
        reference, 'matrix: {g: "${{ [cell.games.nobody.steady] }}"}\nsteps: [{id: l, call: auth.login}]'
    )
    numbers = scenario(reference, 'matrix: {g: "${{ [1, 2] }}"}\nsteps: [{id: l, call: auth.login}]')
    assert "nobody" in told(missing, cell)[0]
    assert told(numbers, cell) == ["`[1, 2]` is no list of texts on cell canary"]


def test_a_pool_without_players_is_a_mistake(reference: PlatformPlan, cell: CellPlan) -> None:
    """Told where the scenario leases from it, with the pools that there are."""
    (mistake,) = bind(scenario(reference, "steps: [{id: l, call: auth.logout}]"), replace(cell, players=()))
    assert str(mistake) == "s:2:18: cell canary has no player in the pool 'standard'; it has no players at all"


def test_an_amount_in_another_currency_is_a_mistake(reference: PlatformPlan, cell: CellPlan) -> None:
    """Of the step and of its limit, each in its place."""
    limits = {"deposit": Money(200, "GBP")}
    assert told(scenario(reference, DEPOSIT), replace(cell, currency="GBP", limits=limits)) == [
        "the deposit limit 1.00 EUR is not in GBP, the currency of cell canary",
        "1.00 EUR is not in GBP, the currency of cell canary",
    ]


def test_no_scenario_may_move_more_than_its_cell_allows(reference: PlatformPlan, cell: CellPlan) -> None:
    """The operator's limit is the upper bound."""
    smaller = replace(cell, limits={"deposit": Money(99, "EUR")})
    assert told(scenario(reference, DEPOSIT), smaller) == [
        "the deposit limit 1.00 EUR of s is over the 0.99 EUR that cell canary allows"
    ]


def test_money_of_a_kind_for_which_the_cell_has_no_limit_does_not_move(reference: PlatformPlan, cell: CellPlan) -> None:
    """A limit that the operator forgot is none that holds everything; told once for each kind, at the cell."""
    silent = replace(cell, limits={"stake": Money(50, "EUR")})
    twice = scenario(
        reference, DEPOSIT.replace("]", ", {id: e, call: cashier.deposit, with: {amount: 1.00 EUR, psp: a}}]")
    )
    (mistake,) = bind(twice, silent)
    assert mistake.place == cell.place
    assert mistake.message == "cell canary has no deposit limit, but s moves money of that kind"
    assert mistake.hint == "add `deposit: ...` to the cell's limits, if it may"
    assert told(scenario(reference, "steps: [{id: l, call: auth.logout}]"), replace(cell, limits={})) == []


def test_a_cell_of_another_platform_is_a_mistake(reference: PlatformPlan, cell: CellPlan) -> None:
    """A scenario is linked to one platform."""
    plan = scenario(reference, "steps: [{id: l, call: auth.logout}]")
    assert told(plan, replace(cell, platform="lotus")) == [
        "cell canary is of platform lotus, but s is linked to reference"
    ]


WALLET_BET = """\
limits: {stake: 0.20 EUR}
steps:
  - {id: login, call: auth.login}
  - {id: bet, call: wallet_api.bet, with: {amount: 0.20 EUR, transaction: a, round: r, game: g}}
"""


def test_what_a_mapping_takes_by_name_has_to_be_there(reference: PlatformPlan, cell: CellPlan) -> None:
    """Endpoints, secrets and attributes of players: of the operations that are called, and of those that undo for them."""
    players = tuple(replace(player, secrets={}, attributes={}) for player in cell.players)
    bare = replace(cell, secrets={}, players=players, endpoints={"gateway": "ws://x"})
    assert sorted(told(scenario(reference, WALLET_BET), bare)) == [
        "cell canary has no endpoint 'api', which s needs",
        "cell canary has no secret 'provider-a-wallet-key', which s needs",
        "the player p-standard-1 of cell canary has no 'password', which s needs",
        "the player p-standard-1 of cell canary has no 'username', which s needs",
    ]


def test_an_expression_that_asks_whether_a_name_is_there_needs_none(cell: CellPlan) -> None:
    """`has()` is how a mapping says that it can do without."""
    query = "query: {a: \"${{ has(player.nick) ? player.nick : '' }}\"}"
    mapping = f"platform: reference\noperations:\n  x:\n    http: GET https://a.example\n    {query}\n"
    platform = load_platform(Path("m"), text=mapping)
    assert told(scenario(platform, "steps: [{id: x, call: x}]"), cell) == []
