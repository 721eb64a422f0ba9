"""The words for whoever is on call: every contract has them, and none of them is out of date."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from synthetic.config.shipped import shipped_root
from synthetic.contracts.boundaries import CONTRACTS, GATEWAY_CONTRACTS
from synthetic.contracts.messages import AnyContract
from synthetic.contracts.providers import ContractError
from synthetic.contracts.report.impact import FILE, Boundary, read_impacts

ROOT = shipped_root()
IMPACTS = read_impacts(ROOT)
ALL: tuple[AnyContract, ...] = (*CONTRACTS, *GATEWAY_CONTRACTS)
PAIRS = {(contract.consumer, contract.provider): contract for contract in ALL}


@pytest.mark.parametrize("contract", ALL, ids=lambda contract: contract.name)
def test_every_contract_has_a_row(contract: AnyContract) -> None:
    """Somebody has thought about what it means when it breaks."""
    assert (contract.consumer, contract.provider) in IMPACTS.by_pair, f"write a row for {contract.name} in {FILE}"


@pytest.mark.parametrize(
    "boundary", [one for one in IMPACTS.boundaries if one.interactions], ids=lambda boundary: boundary.name
)
def test_every_pattern_says_something_of_an_interaction(boundary: Boundary) -> None:
    """One that fits none, or only what an earlier one takes, is a leftover of a name that changed."""
    left = [one.description for one in PAIRS[boundary.consumer, boundary.provider].interactions]
    for row in boundary.interactions:
        taken = [one for one in left if fnmatchcase(one, row.when)]
        assert taken, f"{boundary.name}: {row.when!r} fits no interaction that an earlier pattern does not take"
        left = [one for one in left if one not in taken]


@pytest.mark.parametrize("boundary", IMPACTS.boundaries, ids=lambda boundary: boundary.name)
def test_every_link_leads_to_a_heading(boundary: Boundary) -> None:
    """Nobody on call searches."""
    name, _, anchor = boundary.docs.partition("#")
    text = (ROOT / name).read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    assert not anchor or anchor in [_anchor(heading) for heading in headings]


@pytest.mark.parametrize("boundary", IMPACTS.boundaries, ids=lambda boundary: boundary.name)
def test_the_words_end_a_sentence(boundary: Boundary) -> None:
    """They stand between semicolons, so they have neither a full stop nor a capital at the wrong end."""
    words = [
        boundary.hits,
        boundary.retry,
        boundary.call,
        *(w for r in boundary.interactions for w in (r.hits, r.retry)),
    ]
    assert not [one for one in words if one.endswith((".", ";")) or one.startswith(("The ", "A "))]


def test_the_first_pattern_that_fits_counts() -> None:
    """Else what holds for the whole boundary."""
    boundary = IMPACTS.of("cashier", "psp-a")
    assert "looked up" in boundary.hit_by("a look-up of a captured payment").hits
    assert boundary.hit_by("something new").hits == boundary.hits


def test_a_contract_without_a_row_still_gets_a_sentence() -> None:
    """A report must not fail for want of words."""
    assert IMPACTS.of("nobody", "nothing").hit_by("x").hits == "what nobody asks of nothing can fail"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("boundaries: [", "while parsing"),
        ("boundaries: [{consumer: a, provider: b, flo: x}]", "boundaries.0.flow: Field required"),
        (
            "boundaries:\n" + "  - {consumer: a, provider: b, flow: f, hits: h, retry: r, call: c, docs: d}\n" * 2,
            "more than one row for a -> b",
        ),
    ],
)
def test_a_mistake_in_the_table_is_told_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    """File and field."""
    (tmp_path / FILE.parent).mkdir()
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=rf"impact\.yaml: .*{re.escape(why)}"):
        read_impacts(tmp_path)


def _anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
