"""The workflow that shows the loop can't run here; what it says can be checked."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml

from synthetic.contracts.broker.webhooks import EVENT
from synthetic.tests.cli.calling import call
from synthetic.tests.style.checkout import ROOT

WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/contracts.yml").read_text(encoding="utf-8"))
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]
RUNS = [(name, step["run"]) for name, job in JOBS.items() for step in job["steps"] if "run" in step]
COMMANDS = sorted({run for _, run in RUNS if run.startswith(".venv/bin/synthetic ")})


def runs(job: str) -> str:
    """All that a job runs, in its order."""
    return "\n".join(run for name, run in RUNS if name == job)


def test_the_jobs_follow_each_other() -> None:
    """Publish, verify, deploy."""
    assert (JOBS["verify"]["needs"], JOBS["deploy"]["needs"]) == ("publish", "verify")
    assert "make contracts-publish" in runs("publish")
    deploying = runs("deploy")
    assert deploying.index("can-i-deploy") < deploying.index("goes here") < deploying.index("record-deployment")


def test_the_webhooks_event_starts_the_job_of_the_changed_pact() -> None:
    """What we ask the broker to dispatch is what the workflow listens for."""
    events = WORKFLOW[True]  # YAML 1.1 reads the key `on` as a truth
    assert events["repository_dispatch"] == {"types": [EVENT]}
    assert "github.event_name == 'repository_dispatch'" in JOBS["changed-pact"]["if"]
    assert '--pact-url "$PACT_URL"' in runs("changed-pact")


def test_nothing_of_an_event_is_part_of_a_script() -> None:
    """A pull request's branch or an event's payload, put into a script's text, would be run."""
    for name, run in RUNS:
        assert not re.search(r"\$\{\{\s*github\.(event|head_ref)", run), f"{name}: {run}"


def test_every_job_has_a_limit() -> None:
    """A job that hangs ends."""
    assert all(job["timeout-minutes"] <= 30 for job in JOBS.values())


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_and_its_options_exist(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A renamed option would be found in CI only."""
    words = shlex.split(re.sub(r"\$\{\{.*?\}\}", "cashier", command))[1:]
    monkeypatch.setenv("COLUMNS", "200")
    shown = call(*words[:2], "--help")
    assert shown.code == 0, shown.err
    for option in (word for word in words if word.startswith("--")):
        assert option in shown.out, f"{option} of: {command}"
