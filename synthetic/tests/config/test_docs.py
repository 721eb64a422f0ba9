"""The documentation of the language: its examples load, and it mentions every key there is."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

import pytest

from synthetic.config import models
from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.positions import Node
from synthetic.config.scenarios import load_scenario
from synthetic.core.checks import CHECKS
from synthetic.core.history import FACTS, fields_of
from synthetic.core.plan import PlatformPlan
from synthetic.core.signing import METHODS

DOCS = Path(__file__).resolve().parents[3] / "docs"
LANGUAGE = (DOCS / "language.md").read_text()
MAPPING = (DOCS / "mapping.md").read_text()
SERVING = (DOCS / "runner-schedule.md").read_text()
SLO = (DOCS / "gate-slo.md").read_text()
EXAMPLE = re.compile(r"<!-- (\w+) -->\n```yaml\n(.*?)```", re.DOTALL)
STEPS_HEAD = """\
scenario: example
limits: {stake: 0.20 EUR}
lease: {player: "pool:standard"}
steps:
"""
OPERATIONS_HEAD = """\
platform: example
base: "${{ cell.endpoints.api }}"
operations:
"""


def examples() -> list[tuple[str, str, str]]:
    """(file and line, kind, text) of each example."""
    found = []
    for name, text in (("language.md", LANGUAGE), ("mapping.md", MAPPING)):
        for match in EXAMPLE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append((f"{name}:{line}", match[1], match[2]))
    return found


@pytest.mark.parametrize(("where", "kind", "text"), examples(), ids=[where for where, _, _ in examples()])
def test_an_example_loads(reference: PlatformPlan, where: str, kind: str, text: str) -> None:
    """Each example in the documentation is right as it stands."""
    match kind:
        case "scenario":
            load_scenario(Path(where), reference, known_checks=frozenset(CHECKS), text=text)
        case "steps":
            load_scenario(Path(where), reference, text=STEPS_HEAD + indent(text, "  "))
        case "platform":
            load_platform(Path(where), text=text)
        case "operations":
            load_platform(Path(where), text=OPERATIONS_HEAD + indent(text, "  "))
        case "cells":
            load_cells(Path(where), text=text)
        case _:
            pytest.fail(f"{where}: there is no kind of example called {kind}")


def test_every_yaml_block_is_an_example() -> None:
    """No example in the documentation escapes the test above."""
    assert len(examples()) == LANGUAGE.count("```yaml") + MAPPING.count("```yaml")


def model_classes() -> dict[str, type[Node]]:
    """The models with the place of their documentation."""
    found: dict[str, type[Node]] = {}
    waiting: list[type[Node]] = [models.ScenarioModel, models.PlatformModel, models.CellsModel]
    waiting += [value for value in vars(models).values() if isinstance(value, type) and issubclass(value, Node)]
    waiting += Node.__subclasses__()
    for model in waiting:
        found[model.__name__] = model
    return found


@pytest.mark.parametrize("model", model_classes().values(), ids=lambda model: model.__name__)
def test_every_key_is_documented(model: type[Node]) -> None:
    """Each key stands in code spelling in the documentation of its kind of file, and has a description for editors."""
    text = {"scenario": LANGUAGE, "serving": SERVING, "slo": SLO}.get(model.__module__.rpartition(".")[2], MAPPING)
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    documented = set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", " ".join(re.findall(r"`[^`]+`", prose))))
    assert {key for key in model.known_keys() if key not in documented} <= {"attributes"}
    assert all(field.description for field in model.known_keys().values())


def test_every_kind_of_evidence_is_documented() -> None:
    """With its fields."""
    for kind in FACTS:
        row = next(line for line in MAPPING.splitlines() if line.startswith("|") and f"`{kind}`" in line.split("|")[1])
        assert all(f"`{name}`" in row for name in fields_of(kind)), kind


def test_every_way_to_sign_is_documented() -> None:
    """By its name."""
    assert all(f"`{method}`" in MAPPING for method in METHODS)


def test_every_check_is_documented_with_its_law() -> None:
    """In the words of the check itself."""
    assert all(f"| `{check.name}` | {check.law} |" in LANGUAGE for check in CHECKS.values())


LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)?(#[^)\s]+)?\)")
PAGES = sorted([*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md"), *DOCS.parent.glob("[a-z]*/README.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS.parent)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """To a file of the checkout, and to a heading that it has."""
    lost = []
    for target, heading in LINK.findall(re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)):
        if "://" in target or target.startswith("mailto:"):
            continue
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (heading and file.suffix == ".md" and heading[1:] not in _anchors(file)):
            lost.append(target + heading)
    assert lost == []


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), flags=re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", one)).strip().lower().replace(" ", "-")
        for one in headings
    }
