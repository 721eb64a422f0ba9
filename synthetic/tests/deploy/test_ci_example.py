"""The example for a pipeline: what it calls is accepted, only a fail goes back, and shell itself agrees."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from synthetic.rollouts.store import open_store
from synthetic.tests.deploy.accepting import refusal
from synthetic.tests.deploy.manifests import DEPLOY, Manifest
from synthetic.tests.deploy.test_release_examples import WEIGHTS
from synthetic.tests.web.gate.faces import Gate
from synthetic.web.gate.documents import BeginRollout, EndRollout, StepRollout

WORKFLOW: Manifest = yaml.safe_load((DEPLOY / "ci" / "release-gate.yml").read_text())
STEPS = {step["name"]: step for step in WORKFLOW["jobs"]["release"]["steps"] if "name" in step}
SCRIPTS = {name: step["run"].replace("\\\n", " ") for name, step in STEPS.items() if "run" in step}
LINES = [line.strip() for script in SCRIPTS.values() for line in script.splitlines()]
BACK = "Back to 0 %, where the gate says fail"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A gate, for its routes."""
    with open_store(str(tmp_path / "gate.db")) as store:
        yield Gate(store)


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("synthetic ")])
def test_the_command_line_accepts_what_a_step_calls(line: str) -> None:
    """Every verb, option and value; and each of them waits for the verdict, but the one that asks once more."""
    command = line.partition(" || ")[0]
    assert refusal(shlex.split(command)[1:]) == ""
    assert ("--wait" in command) is (line == command)


def test_what_it_posts_is_what_the_gate_takes(gate: Gate) -> None:
    """Each address is a route, each body what that route reads; the rollout has one id from its start to its end."""
    routes = {route.path for route in gate.app().routes}  # type: ignore[attr-defined]
    documents: dict[str, type[BaseModel]] = {"/v1/rollouts": BeginRollout, "/step": StepRollout, "/end": EndRollout}
    posted = [shlex.split(line) for line in LINES if line.startswith("curl ")]
    assert len(posted) == 4
    for arguments in posted:
        (path,) = [one.removeprefix("$GATE") for one in arguments if one.startswith("$GATE")]
        assert path.replace("$ROLLOUT", "{id}") in routes
        body = arguments[arguments.index("--json") + 1].replace("$weight", "25")
        (document,) = [document for end, document in documents.items() if path.endswith(end)]
        document.model_validate(json.loads(body.replace("$ROLLOUT", "aurora-api-17-1").replace("$VERSION", "2.4.0")))
        assert "Authorization: Bearer $SYNTHETIC_GATE_TOKEN" in arguments


def test_each_share_waits_for_the_one_before() -> None:
    """In the steps' order, and before each next share there is a verdict."""
    shares = [int(one) for line in LINES for one in re.findall(r"for weight in ([\d ]+);", line) for one in one.split()]
    assert [5, *shares] == WEIGHTS
    for name in ("Begin at 5 %", "25, 50, 100 %"):
        script = SCRIPTS[name]
        assert script.index("shift-traffic") < script.index("curl") < script.index("synthetic gate")
    assert [name for name in STEPS if name in SCRIPTS] == ["Begin at 5 %", "25, 50, 100 %", "Promoted", BACK]


@pytest.mark.parametrize(("code", "goes_back"), [(0, False), (1, True), (2, False), (3, False)])
def test_only_a_fail_goes_back(tmp_path: Path, code: int, goes_back: bool) -> None:  # noqa: FBT001
    """Bash plays the step, with programs that note that they were called and a gate that exits so."""
    for name, end in (("synthetic", code), ("curl", 0), ("shift-traffic", 0)):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> called\nexit {end}\n')
        program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "GATE": "https://gate", "ROLLOUT": "r1"}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", SCRIPTS[BACK]]  # as Actions calls it
    played = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    called = (tmp_path / "called").read_text().splitlines()
    assert played.returncode == 0, played.stderr
    assert ("shift-traffic 0" in called) is goes_back
    assert any("rolled_back" in line for line in called) is goes_back


def test_nothing_that_somebody_types_becomes_a_script() -> None:
    """The token and the version come by the environment, and the job may read its checkout and no more."""
    assert WORKFLOW["env"]["SYNTHETIC_GATE_TOKEN"] == "${{ secrets.SYNTHETIC_GATE_TOKEN }}"
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert not [line for line in LINES if "${{" in line], (
        "an expression in a script is a way in for whoever names a version"
    )
