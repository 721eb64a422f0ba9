"""docs/negative-paths.md and the scenarios in `scenarios/negative/`: the same paths, refusals, classes and states."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.config.scenarios import load_scenario
from synthetic.core.checks import CHECKS
from synthetic.core.plan import PlatformPlan, ScenarioPlan
from synthetic.tests.config.test_docs import DOCS

NOTHING_SAID = "-"
UNMOVED_AS_READ_BY = {
    "wallet.balance": "end.cash == start.cash",
    "office.double_entry": "end.entries == start.entries",
}
BY_OFFICE = ("start", "office.double_entry")
_CODE = "a log-in before would use up the one-time code that the path is about"
NO_LOGIN_BEFORE = {
    "totp-replayed": _CODE,
    "totp-skewed": _CODE,
    "totp-wrong": _CODE,
    "self-excluded-login": "the player is excluded from the first step on",
    "sso-self-excluded": "a player of this pool never comes in",
}


@pytest.fixture(scope="module")
def paths(root: Path, reference: PlatformPlan) -> dict[str, ScenarioPlan]:
    """The negative scenarios by name."""
    files = sorted((root / "scenarios" / "negative").glob("*.yaml"))
    plans = [load_scenario(file, reference, known_checks=frozenset(CHECKS)) for file in files]
    return {plan.name: plan for plan in plans}


def as_written(plan: ScenarioPlan) -> list[str]:
    """The row that the page has to have for it."""
    refused = [step for step in plan.steps if step.refused]
    codes = ", ".join(f"`{code}`" for code in dict.fromkeys(step.refused for step in refused)) or "once only"
    classes = ", ".join(dict.fromkeys(str(step.refusal_class) for step in refused)) or NOTHING_SAID
    states = ", ".join(f"`{needed.state.name}`" for needed in plan.states) or NOTHING_SAID
    return [plan.title, f"`{plan.name}`", codes, classes, states]


def test_the_page_tells_of_every_path_as_it_is(paths: dict[str, ScenarioPlan]) -> None:
    """Title, scenario, codes, classes and states; none too many, none forgotten."""
    lines = (DOCS / "negative-paths.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    told = {row[1].strip("`"): row for row in rows if row[1] != "scenario"}
    assert told == {name: as_written(plan) for name, plan in paths.items()}


def test_every_expected_refusal_has_its_class(paths: dict[str, ScenarioPlan]) -> None:
    """So that a report can say that a refusal is a policy's, and no failure of anybody."""
    refused = [(plan.name, step) for plan in paths.values() for step in plan.steps if step.refused]
    assert [(name, step.id) for name, step in refused if step.refusal_class is None] == []


def test_every_path_says_that_nothing_has_moved(paths: dict[str, ScenarioPlan]) -> None:
    """It reads the player's cash (or the office's books, where he can't log in yet) before and after all that is refused."""
    for plan in paths.values():
        ids = [step.id for step in plan.steps]
        refused = [ids.index(step.id) for step in plan.steps if step.refused]
        assert {"start", "end"} <= set(ids), plan.name
        assert all(ids.index("start") < at < ids.index("end") for at in refused), plan.name
        called = {step.id: step.operation.name for step in plan.steps if step.id in ("start", "end")}
        claim = UNMOVED_AS_READ_BY[called["start"]]
        assert called["end"] == called["start"], plan.name
        assert claim in [invariant.claim.text for invariant in plan.invariants], plan.name


def test_the_books_are_read_by_the_office_only_where_nobody_can_log_in_before(paths: dict[str, ScenarioPlan]) -> None:
    """Each exception with its reason; every other path reads what the player sees."""
    read = {plan.name for plan in paths.values() for step in plan.steps if (step.id, step.operation.name) == BY_OFFICE}
    assert read == set(NO_LOGIN_BEFORE)
