"""`synthetic init` writes a project that `synthetic validate` accepts as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from synthetic.tests.cli.calling import call


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A starting project; the working directory is in it."""
    assert call("init", tmp_path / "My Casino").code == 0
    monkeypatch.chdir(tmp_path / "My Casino")
    return tmp_path / "My Casino"


def test_the_project_is_valid_as_it_is(started: Path) -> None:
    """One scenario, one mapping, two cells; no secret has to be there for that."""
    answer = call("validate")
    assert (answer.code, answer.out, answer.err) == (
        0,
        "ok: 1 scenario, 1 platform mapping, 2 cells, 1 probe of runner.yaml, 5 objectives of slo.yaml\n",
        "",
    )
    assert call("list", "--cells", "cells.yaml").code == 0


def test_its_gate_can_be_switched_on_as_the_serve_file_says(started: Path) -> None:
    """The line without its `#`, and probes as often as it asks for; with those of the start the gate says what it lacks."""
    serve = (started / "runner.yaml").read_text().replace("# gate:", "gate:")
    (started / "runner.yaml").write_text(serve)
    assert "below the 30 of `pairs_min`" in call("validate").err
    (started / "runner.yaml").write_text(serve.replace("every: 60s, jitter: 30s", "every: 25s, jitter: 5s"))
    assert call("validate").code == 0


def test_it_is_called_as_its_folder(started: Path) -> None:
    """The name is made fit for a mapping; the template's own name is nowhere left."""
    assert (started / "platforms" / "my-casino.yaml").is_file()
    texts = [path.read_text() for path in started.rglob("*") if path.is_file()]
    assert not [text for text in texts if "__platform__" in text]


def test_it_has_a_workflow_and_a_readme(started: Path) -> None:
    """The workflow is YAML and calls commands that there are."""
    workflow = yaml.safe_load((started / ".github" / "workflows" / "synthetic.yml").read_text())
    commands = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert "synthetic validate" in commands
    assert "synthetic run" in (started / "README.md").read_text()


def test_secrets_are_references(started: Path) -> None:
    """No value of a password stands in the cells file."""
    cells = yaml.safe_load((started / "cells.yaml").read_text())["cells"]
    assert all(player["password"].startswith("env:") for cell in cells.values() for player in cell["players"])


def test_running_it_without_its_secrets_says_which(started: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, exit 2 or 3, and nothing was sent to example.com."""
    monkeypatch.delenv("SYNTHETIC_PLAYER_1_PASSWORD", raising=False)
    answer = call("run", "--cell", "canary")
    assert answer.code in (2, 3)
    assert answer.out == ""


def test_it_overwrites_nothing_unless_forced(started: Path) -> None:
    """All files that are in the way are named, and none is touched."""
    (started / "cells.yaml").write_text("mine")
    (started / "README.md").unlink()
    answer = call("init", ".")
    assert (answer.code, len(answer.err.splitlines())) == (2, 1)
    assert "cells.yaml" in answer.err
    assert (started / "cells.yaml").read_text() == "mine"
    assert not (started / "README.md").exists()
    assert call("init", ".", "--force", "--platform", "my-casino").code == 0
    assert call("validate").code == 0


def test_a_place_that_can_not_be_written_is_one_line(tmp_path: Path) -> None:
    """A file where a folder has to be."""
    (tmp_path / "file").write_text("")
    answer = call("init", tmp_path / "file" / "project")
    assert (answer.code, len(answer.err.splitlines())) == (3, 1)
