"""The pytest plugin as a project uses it: a folder of scenarios, a cells file, and pytest on the command line."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from synthetic.config.shipped import shipped_root
from synthetic.core.events import RunEnded
from synthetic.core.money import Money
from synthetic.core.outcome import RunOutcome
from synthetic.pytest_plugin.collect import ScenarioFailed, judge
from synthetic.pytest_plugin.telling import Telling
from synthetic.tests.sli.streams import Story

STEADY = "scenarios/rounds/steady_round.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the reference mapping and one scenario that is green and one that is red."""
    root = shipped_root()
    shutil.copytree(root / "fixtures" / "platforms", tmp_path / "fixtures" / "platforms")
    (tmp_path / "scenarios").mkdir()
    green = (root / STEADY).read_text(encoding="utf-8")
    (tmp_path / "scenarios" / "green.yaml").write_text(green, encoding="utf-8")
    red = green.replace("scenario: steady-round", "scenario: red").replace(
        "end.cash == start.cash", "end.cash < start.cash"
    )
    (tmp_path / "scenarios" / "red.yaml").write_text(red, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return tmp_path


def run_pytest(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in the project, as its own process."""
    command = [sys.executable, "-m", "pytest", "-p", "no:randomly", "-p", "no:cacheprovider", *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(command, cwd=project, env=clean, capture_output=True, text=True, timeout=140, check=False)


@pytest.mark.slow
def test_rows_are_tests_and_tags_are_marks(project: Path, synthetic_cells_file: Path) -> None:
    """The id is scenario and row; `-m` selects by tag; nothing is played to collect."""
    cells = f"--synthetic-cells={synthetic_cells_file}"
    listed = run_pytest(project, cells, "--collect-only", "-q", "-m", "smoke", "--strict-markers")
    assert "scenarios/green.yaml::steady-round[provider=provider-a]" in listed.stdout, listed.stdout + listed.stderr
    none = run_pytest(project, cells, "--collect-only", "-q", "-m", "not smoke")
    assert "4 deselected" in none.stdout


def test_a_red_scenario_tells_its_run_and_a_green_one_passes(
    project: Path, synthetic_cells_file: Path, tmp_path: Path
) -> None:
    """The failure is the waterfall with the broken claim, not a stack of ours; Allure gets steps without secrets."""
    results = tmp_path / "allure"
    ran = run_pytest(
        project, f"--synthetic-cells={synthetic_cells_file}", "--synthetic-seed=4711", "-q", f"--alluredir={results}"
    )
    assert "2 failed, 2 passed" in ran.stdout, ran.stdout + ran.stderr
    assert "does not hold" in ran.stdout
    assert "scenario.py" not in ran.stdout
    assert "Traceback" not in ran.stdout
    assert_allure(results, synthetic_cells_file)


def assert_allure(results: Path, cells_file: Path) -> None:
    """Each result has the scenario's steps, with attachments; no password or token of the cell is in any file."""
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob("*-result.json")]
    assert len(documents) == 4
    names = [step["name"] for step in documents[0]["steps"]]
    assert names[:2] == ["login: auth.login", "start: wallet.balance"]
    assert all(step["attachments"] for step in documents[0]["steps"])
    everything = "".join(path.read_text(encoding="utf-8") for path in results.iterdir())
    players = yaml.safe_load(cells_file.read_text(encoding="utf-8"))["cells"]["canary"]["players"]
    for player in players:
        secret = (cells_file.parent / player["password"].removeprefix("file:")).read_text(encoding="utf-8")
        assert secret not in everything


@pytest.mark.slow
def test_mistakes_are_told_at_collection_with_their_place(project: Path, synthetic_cells_file: Path) -> None:
    """A scenario that does not load is one error with file, line, column and a did-you-mean."""
    path = project / "scenarios" / "green.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("call: games.settle", "call: games.setle"), encoding="utf-8"
    )
    ran = run_pytest(project, f"--synthetic-cells={synthetic_cells_file}", "-q", "--collect-only")
    assert "green.yaml:" in ran.stdout
    assert "did you mean 'games.settle'?" in ran.stdout
    assert ran.returncode == 2


@pytest.mark.slow
def test_without_a_cells_file_it_says_what_to_give(project: Path) -> None:
    """No cells, no rows: a usage error, not a pass over nothing."""
    ran = run_pytest(project, "-q")
    assert ran.returncode not in (0, 5)
    assert "--synthetic-cells FILE" in ran.stdout + ran.stderr


def rewrite(path: Path, old: str, new: str) -> None:
    """Replace a text that has to be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.slow
def test_a_mapping_may_take_operations_from_modules_that_the_cells_file_allows(
    project: Path, synthetic_cells_file: Path
) -> None:
    """With the module on its `python` list the scenario is collected; without, it is a mistake with its place."""
    mapping = project / "fixtures" / "platforms" / "reference.yaml"
    hook = "operations:\n  odd.one: {out: {answer: string}, python: 'odd_hooks:one'}\n"
    rewrite(mapping, "operations:\n", hook)
    (project / "odd_hooks.py").write_text("def one(args):\n    yield\n    return {'answer': ''}\n", encoding="utf-8")
    collect = ("-q", "--collect-only", "-p", "no:xdist")
    refused = run_pytest(project, f"--synthetic-cells={synthetic_cells_file}", *collect)
    assert "'odd_hooks' is not on the `python` list" in refused.stdout
    (project / "cells.yaml").write_text(f"python: [odd_hooks]\n{synthetic_cells_file.read_text(encoding='utf-8')}")
    allowed = run_pytest(project, "--synthetic-cells=cells.yaml", *collect)
    assert "steady-round[provider=provider-a]" in allowed.stdout, allowed.stdout


@pytest.mark.slow
def test_a_platform_without_a_mapping_is_one_line(project: Path, synthetic_cells_file: Path) -> None:
    """It names the cell, the platform, the nearest mapping and where mappings are looked for."""
    text = synthetic_cells_file.read_text(encoding="utf-8")
    (project / "cells.yaml").write_text(re.sub(r"platform: \"?reference\"?", "platform: referense", text))
    ran = run_pytest(project, "--synthetic-cells=cells.yaml", "-q", "--collect-only")
    assert (
        "cell 'canary' is of platform 'referense', for which there is no mapping; did you mean 'reference'?"
        in ran.stdout
    )
    assert "synthetic_platforms" in ran.stdout
    assert "KeyError" not in ran.stdout


@pytest.mark.slow
def test_what_does_not_fit_the_cell_is_told_before_anything_is_played(
    project: Path, synthetic_cells_file: Path
) -> None:
    """A scenario that is right by itself may not fit: all that is wrong, with places, in place of a stack."""
    (project / "scenarios" / "red.yaml").unlink()
    green = project / "scenarios" / "green.yaml"
    rewrite(green, '"pool:', '"pool:no-such-')
    rewrite(green, "limits: {stake: 0.20 EUR", "limits: {stake: 900.00 EUR")
    ran = run_pytest(project, f"--synthetic-cells={synthetic_cells_file}", "-q")
    assert "has no player in the pool 'no-such-standard'" in ran.stdout, ran.stdout
    assert "the stake limit 900.00 EUR of steady-round is over the " in ran.stdout
    assert "Traceback" not in ran.stdout
    assert "collect.py" not in ran.stdout
    assert ran.returncode == 1


@pytest.mark.parametrize("outcome", [RunOutcome.OK, RunOutcome.TAINTED, RunOutcome.ABORTED])
def test_stranded_money_fails_whatever_the_outcome(outcome: RunOutcome) -> None:
    """Our own lag may excuse a measurement; it does not bring the money back."""
    told = Telling()
    for event in Story().end(outcome, stranded=(Money(100, "EUR"),)):
        told(event)
    assert isinstance(event, RunEnded)
    with pytest.raises((ScenarioFailed, pytest.skip.Exception), match=r"STRANDED 1\.00 EUR") as raised:
        judge(event, told)
    assert raised.type is ScenarioFailed  # a skip that is let through would only skip this test


def test_a_run_that_says_nothing_is_skipped() -> None:
    """Tainted, with all of its money at home."""
    told = Telling()
    *_, ended = Story().end(RunOutcome.TAINTED, reason="late")
    assert isinstance(ended, RunEnded)
    with pytest.raises(pytest.skip.Exception, match="the harness was too slow to say: late"):
        judge(ended, told)
