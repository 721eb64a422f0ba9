"""The workflows of GitHub can't run here; what they call can be looked up."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from synthetic.tests.deploy.accepting import refusal
from synthetic.tests.style.checkout import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(path: Path) -> dict[Any, Any]:
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return workflow


def targets(path: Path) -> set[str]:
    """What it makes."""
    steps = [step for job in read(path)["jobs"].values() for step in job["steps"]]
    return {name for step in steps for name in re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_what_a_workflow_makes_can_be_made(path: Path) -> None:
    """A target that was renamed shows here, not in the night."""
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert targets(path) <= known


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_what_a_workflow_calls_is_there_and_takes_its_options(path: Path) -> None:
    """A file of the checkout that can be executed, or our own command line, which accepts every option and value."""
    for step in [step for job in read(path)["jobs"].values() for step in job["steps"]]:
        called = shlex.split(re.sub(r"\$\{\{.*?\}\}", "x", step.get("run", "echo")))
        if called[0] == ".venv/bin/synthetic":
            assert refusal(called[1:]) == ""
        elif called[0].startswith("."):
            assert called[0] == ".venv/bin/pytest" or os.access(ROOT / called[0], os.X_OK)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_step_calls_something_and_an_action_has_a_version(path: Path) -> None:
    """One of both, and never what an action's main branch happens to be that night."""
    for step in [step for job in read(path)["jobs"].values() for step in job["steps"]]:
        assert ("uses" in step) is ("run" not in step), step
        assert re.fullmatch(r"[\w-]+/[\w/-]+@(v\d+|[0-9a-f]{40})", step.get("uses", "a/b@v1"))


def test_what_no_push_plays_is_played_each_night() -> None:
    """A test that nothing runs holds nothing."""
    nightly = ROOT / ".github" / "workflows" / "nightly.yml"
    assert "schedule" in read(nightly)[True]  # YAML 1.1 reads the key `on` as a truth
    assert "exhaustive" in targets(nightly)
