"""`docs/invariants.md` says of every check which number it has, which law, and what evidence its breaches are shown with."""

from __future__ import annotations

import re

import pytest

from synthetic.config.shipped import shipped_root
from synthetic.core.checks import CHECKS
from synthetic.core.checks.shortest import shortest
from synthetic.core.history import FACTS
from synthetic.tests.core.checks.shipped import shipped_cases

PAGE = (shipped_root() / "docs" / "invariants.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+|–) \| `([a-z-]+)` \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
KIND_OF = {made: kind for kind, made in FACTS.items()}


def test_the_page_has_all_51_numbers() -> None:
    """None is left out, and none is made up."""
    assert {int(number) for number, *_ in ROWS if number != "–"} == set(range(1, 52))


def test_every_check_of_an_invariant_has_one_row_with_its_number_and_law() -> None:
    """In the words of the check itself. One that says why something did not come about may have a row."""
    told = [(name, number, law) for number, name, law, _ in ROWS]
    known = {(c.name, str(c.invariants[0]) if c.invariants else "–", c.law): c for c in CHECKS.values()}
    assert len(told) == len(set(told))
    assert {row for row, check in known.items() if check.invariants} <= set(told) <= set(known)


@pytest.mark.parametrize(("name", "kinds"), [(name, kinds) for _, name, _, kinds in ROWS])
def test_the_evidence_of_a_row_is_what_breaches_are_shown_with(name: str, kinds: str) -> None:
    """All kinds of facts in the shortest pieces of the shipped histories that break the law."""
    check = CHECKS[name]
    pieces = [
        shortest(check, case.history, finding)
        for case in shipped_cases()
        if case.check == name and case.found
        for finding in check.judge(case.history) or ()
    ]
    assert set(re.findall(r"`(\w+)`", kinds)) == {KIND_OF[type(fact)] for piece in pieces for fact in piece.facts}
