"""The JSON Schemas agree with the loader: what is shipped is valid, short forms included, and a wrong key is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from synthetic.config.problems import Problems
from synthetic.config.schemas import DIALECT, cells_schema, platform_schema, scenario_schema, serving_schema, slo_schema
from synthetic.config.shipped import shipped_root
from synthetic.config.yaml_nodes import parse
from synthetic.tests.config.test_docs import examples

ROOT = shipped_root()
SCHEMAS = {
    "scenario": scenario_schema(),
    "platform": platform_schema(),
    "cells": cells_schema(),
    "serving": serving_schema(),
    "slo": slo_schema(),
}
SHIPPED = [
    *(("scenario", path) for path in sorted(ROOT.glob("scenarios/**/*.yaml"))),
    *(("platform", path) for path in sorted(ROOT.glob("fixtures/platforms/*.yaml"))),
    *(("cells", path) for path in sorted(ROOT.glob("fixtures/cells/*.yaml"))),
    *(("serving", path) for path in sorted(ROOT.glob("fixtures/serving/*.yaml"))),
    *(("slo", path) for path in sorted(ROOT.glob("fixtures/slo/*.yaml"))),
]
DOCUMENTED = [example for example in examples() if example[1] in SCHEMAS]


def complaints(kind: str, text: str) -> list[str]:
    """What the schema says of a file."""
    data = parse(text, "f", Problems())
    return [f"{error.json_path} {error.message}" for error in Draft202012Validator(SCHEMAS[kind]).iter_errors(data)]


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_is_one_of_2020_12(kind: str) -> None:
    """And every key of it says what it is for."""
    Draft202012Validator.check_schema(SCHEMAS[kind])
    assert SCHEMAS[kind]["$schema"] == DIALECT
    for model in (SCHEMAS[kind], *SCHEMAS[kind]["$defs"].values()):
        undescribed = [
            key for key, about in model["properties"].items() if not about.get("description") and "$ref" not in about
        ]
        assert undescribed == []
        assert model["additionalProperties"] is False or model["title"] == "PlayerModel"


@pytest.mark.parametrize(("kind", "path"), SHIPPED, ids=lambda value: value.name if isinstance(value, Path) else value)
def test_what_is_shipped_is_valid(kind: str, path: Path) -> None:
    """Editors show no mistake where there is none."""
    assert complaints(kind, path.read_text()) == []


@pytest.mark.parametrize(("where", "kind", "text"), DOCUMENTED, ids=[where for where, _, _ in DOCUMENTED])
def test_what_is_documented_is_valid(where: str, kind: str, text: str) -> None:
    """Nor in the examples."""
    assert complaints(kind, text) == [], where


SHORT: list[tuple[str, str]] = [
    ("out: {a: body.a}", "out: {a: {value: body.a}}"),
    ("ok: 200", "ok: status == 200"),
    ("ok: [200, 201]", "ok: status in [200, 201]"),
    ("poll: b", "poll: {call: b}"),
    ("moves: {kind: k, amount: a, from: psp, to: wallet, key: {header: H}, lookup: b, undo: c}",
     "moves: {kind: k, amount: a, from: psp, to: wallet, key: {header: H}, lookup: {call: b}, undo: {call: c}}"),
    ("http: GET /", "exchanges: [{http: GET /}]"),
]  # fmt: skip


@pytest.mark.parametrize("forms", SHORT, ids=lambda forms: forms[0].partition(":")[0])
def test_short_and_long_forms_are_both_valid(forms: tuple[str, str]) -> None:
    """As the loader takes both."""
    for form in forms:
        rest = "" if "http" in form else "\n    http: GET /"
        assert complaints("platform", f"platform: p\noperations:\n  x:\n    {form}{rest}") == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("scenario", "scenario: s\nlease: {player: 'pool:x'}\nsteps: []\nstepps: []"),
        ("scenario", "scenario: s\nlease: {player: 'pool:x'}\nsteps: [{id: a, call: b, witin: 3s}]"),
        ("scenario", "scenario: s\nlease: {player: 'pool:x'}\nsteps: [{id: a, call: b, within: 3 s}]"),
        ("scenario", "scenario: s\nsteps: []"),
        ("platform", "platform: p\noperations: {x: {htp: GET /}}"),
        ("platform", "platform: p\noperations: {x: {exchanges: [{htp: GET /}]}}"),
        ("platform", "platform: p\noperations: {x: {http: GET /, blame: [{when: 'true', is: bank}]}}"),
        ("cells", "allow: []\ncells: {a: {environment: x}}"),
        ("serving", "serve: s\ncells: c.yaml\ndatabase: d\nprobes: [{cells: [a], scenarios: [b], evry: 1s}]"),
        (
            "serving",
            "serve: s\ncells: c.yaml\ndatabase: d\nprobes: []\npolicies: [{market: MT, withdraw: on, instrument: none}]",
        ),
        ("slo", "slo: s\nobjectives: [{name: a, sli: b, at_least: 0.999}]"),
        ("slo", "slo: s\nobjectives: [{name: a, sli: b, p94_at_most: 400 ms}]"),
    ],
)
def test_what_is_wrong_is_not_valid(kind: str, text: str) -> None:
    """Unknown keys, missing keys, wrong forms."""
    assert complaints(kind, text) != []


def test_schemas_do_not_change_by_being_asked_for() -> None:
    """Making one twice gives the same."""
    makers = (scenario_schema, platform_schema, cells_schema, serving_schema, slo_schema)
    again: dict[str, Any] = dict(zip(SCHEMAS, (make() for make in makers), strict=True))
    assert again == SCHEMAS
