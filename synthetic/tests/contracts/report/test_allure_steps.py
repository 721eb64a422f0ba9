"""The matrix in Allure, read from the files that a run of pytest leaves."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from synthetic.tests.contracts.report.suite import run_suite

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Allure's files of a run with a provider that is good, one that is bad, and one that nobody could reach."""
    project = tmp_path_factory.mktemp("suite")
    ran = run_suite(project, "good", "bad", "blind", arguments=("--alluredir", "allure"))
    assert "2 failed, 2 passed" in ran.stdout, ran.stdout + ran.stderr
    return project / "allure"


def of(folder: Path, provider: str) -> dict[str, Any]:
    """The result of a provider's test."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*-result.json")]
    return next(one for one in found if one["name"] == f"{provider} keeps what buyer expects")


def attached(folder: Path, step: dict[str, Any]) -> dict[str, str]:
    """What hangs at a step, by name."""
    return {one["name"]: (folder / one["source"]).read_text(encoding="utf-8") for one in step.get("attachments", ())}


def test_labels_make_the_matrix(folder: Path) -> None:
    """Epic, provider, consumer; the version is a parameter."""
    shown = of(folder, "bad")
    labels = {label["name"]: label["value"] for label in shown["labels"]}
    assert (labels["epic"], labels["feature"], labels["story"]) == ("contracts", "bad", "buyer")
    assert {"name": "version", "value": "'v1'"} in shown["parameters"]


@pytest.mark.parametrize(("provider", "status"), [("good", "passed"), ("bad", "failed"), ("blind", "broken")])
def test_each_interaction_is_a_step_with_its_state(folder: Path, provider: str, status: str) -> None:
    """Broken accuses the provider (failed), not judged accuses nobody (broken in Allure's words), left out is skipped."""
    steps = of(folder, provider)["steps"]
    assert [(step["name"], step["status"]) for step in steps] == [("an order", status), ("an order by cash", "skipped")]
    assert "needs cash" in steps[1]["statusDetails"]["message"]


def test_a_broken_step_has_its_differences_and_its_exchange(folder: Path) -> None:
    """And the sentence; a step that held has its exchange alone."""
    step = of(folder, "bad")["steps"][0]
    found = attached(folder, step)
    assert list(csv.reader(found["path, expected, actual"].splitlines())) == [
        ["path", "expected", "actual", "text"],
        ["$.id", '"o-1"', "7", "Expected a string"],
    ]
    assert "call whoever runs bad" in found["for whoever is on call"]
    assert found["POST /orders?token=***"].splitlines()[:4] == [
        "> POST /orders?token=***",
        "> {",
        '>   "launch_token": "***"',
        "> }",
    ]
    assert list(attached(folder, of(folder, "good")["steps"][0])) == ["POST /orders?token=***"]


def test_no_secret_is_in_any_file(folder: Path) -> None:
    """Neither in attachments nor in names."""
    files = list(folder.iterdir())
    assert files
    assert not [path for path in files if "tok-in-the" in path.read_text(encoding="utf-8")]
