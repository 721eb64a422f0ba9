"""Every kind of mistake, in the author's own language: what was written, and exactly what is told of it, where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.core.checks import CHECKS
from synthetic.core.errors import AuthorError
from synthetic.core.plan import PlatformPlan

TABLES = Path(__file__).parent / "mistakes"
FILE = Path("f")


@dataclass(frozen=True)
class Case:
    """A claim, a file's text, and what is told of it, in order; nothing where the file is right."""

    claim: str
    text: str
    told: list[str]

    def __str__(self) -> str:
        return self.claim.replace(" ", "-")


def cases(table: str) -> list[Case]:
    """The cases of one table."""
    return [_case(block) for block in (TABLES / table).read_text().split("\n=== ")[1:]]


def _case(block: str) -> Case:
    claim, _, rest = block.partition("\n")
    text, _, told = rest.partition("---\n")
    return Case(claim, text, told.strip().splitlines())


def told(load: Callable[..., Any], *arguments: Any, **named: Any) -> list[str]:
    """The mistakes that are told, without the file's name."""
    try:
        load(FILE, *arguments, **named)
    except AuthorError as error:
        return [str(mistake).removeprefix(f"{FILE}:") for mistake in error.mistakes]
    return []


@pytest.mark.parametrize("case", cases("scenario.txt"), ids=str)
def test_a_mistake_in_a_scenario_is_told_in_its_place(reference: PlatformPlan, case: Case) -> None:
    """Exactly these mistakes, no more and no fewer."""
    assert told(load_scenario, reference, known_checks=frozenset(CHECKS), text=case.text) == case.told


@pytest.mark.parametrize("case", cases("platform.txt"), ids=str)
def test_a_mistake_in_a_mapping_is_told_in_its_place(case: Case) -> None:
    """Exactly these mistakes, no more and no fewer."""
    assert told(load_platform, text=case.text) == case.told


@pytest.mark.parametrize("case", cases("cells.txt"), ids=str)
def test_a_mistake_in_a_cells_file_is_told_in_its_place(case: Case) -> None:
    """Exactly these mistakes, no more and no fewer."""
    assert told(load_cells, text=case.text) == case.told


@pytest.mark.parametrize("case", cases("cells.txt"), ids=str)
def test_no_secret_of_a_cells_file_is_ever_told(case: Case) -> None:
    """Whatever else is wrong, no message shows what looks like a secret."""
    shown = "\n".join(told(load_cells, text=case.text))
    assert not any(secret in shown for secret in ("hunter2", "sk_live", "JBSWY3DP", "12345"))


def test_ten_mistakes_are_told_in_one_go(reference: PlatformPlan) -> None:
    """The file of ten mistakes, on every level from spelling to money, gives exactly its ten, each in its place."""
    path = Path(__file__).parent.parent / "data" / "ten_mistakes.yaml"
    with pytest.raises(AuthorError) as refusal:
        load_scenario(path, reference, known_checks=frozenset(CHECKS))
    assert all(mistake.place.file == str(path) for mistake in refusal.value.mistakes)
    messages = [(mistake.place.line, mistake.place.column, mistake.message) for mistake in refusal.value.mistakes]
    assert messages == [
        (6, 62, "expected a duration such as 250ms, 15s or 2m, found '90 seconds'"),
        (11, 23, "unknown operation 'wallet.balanse'"),
        (12, 57, "'1.005' has digits below the minor unit of EUR"),
        (12, 130, "unknown key 'witin' in a step"),
        (13, 101, "`until` waits, but games.launch has no `poll` to ask again with"),
        (14, 46, "2.00 EUR is over the stake limit of 0.20 EUR"),
        (15, 24, "games.settle needs the input 'bet' (string)"),
        (16, 69, "`funds.cash`: unknown name 'funds.cash'"),
        (19, 16, "`funds.cash >= 1.00`: found no matching overload for '_>=_' applied to '(money, double)'"),
        (20, 34, "unknown check 'one-debit-per-bets'"),
    ]
