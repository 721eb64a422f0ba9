"""`list`, `validate`, `schema` and `reference`: what there is, and whether it is right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from synthetic.cli.telling import tell_error
from synthetic.config.shipped import shipped_root
from synthetic.core.errors import HarnessError, TargetUnreachable
from synthetic.reference.defects import DEFECTS
from synthetic.reference.faults import FAULTS
from synthetic.tests.cli.calling import call


def test_list_shows_what_could_be_played(project: Path) -> None:
    """Name, title, tags, rows, limits and schedule of each scenario."""
    answer = call("list")
    assert (answer.code, answer.err) == (0, "")
    for word in ("deposit-bet-withdraw", "insufficient-funds", "money", "psp x provider", "1.00 EUR", "every 60 s"):
        assert word in " ".join(answer.out.split())


def test_list_with_cells_counts_their_rows(project: Path, cells_file: Path) -> None:
    """As JSON, too."""
    found = json.loads(call("list", "--cells", cells_file, "--json").out)
    rows = {one["name"]: {cell: len(of) for cell, of in one["rows"].items()} for one in found["scenarios"]}
    assert rows["deposit-bet-withdraw"] == {"canary": 6, "baseline": 6}
    assert [cell["name"] for cell in found["cells"]] == ["canary", "baseline"]
    assert "canary" in call("list", "--cells", cells_file).out


def test_list_by_tag(project: Path) -> None:
    """Only those of the tag."""
    found = json.loads(call("list", "--tag", "negative", "--json").out)
    assert [one["name"] for one in found["scenarios"]] == ["insufficient-funds"]


def test_outside_a_project_it_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, exit 2."""
    monkeypatch.chdir(tmp_path)
    answer = call("list")
    assert (answer.code, answer.out) == (2, "")
    assert "`synthetic init DIR`" in answer.err


@pytest.mark.slow
def test_validate_accepts_the_shipped_content(cells_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every shipped scenario and mapping, on the cells of a running platform, and file by file."""
    monkeypatch.chdir(shipped_root())
    answer = call("validate", "--cells", cells_file)
    assert answer.code == 0, answer.err
    assert call("validate", "scenarios", "fixtures/platforms").code == 0


def test_validate_reports_the_mistakes_of_all_files_at_once(project: Path, cells_file: Path) -> None:
    """With their places, sorted, exit 2; nothing on standard output."""
    for name, wrong in (("auth/login", "titel"), ("negative/insufficient_funds", "titel")):
        path = project / "scenarios" / f"{name}.yaml"
        path.write_text(path.read_text().replace("title:", f"{wrong}:"))
    whole = call("validate", "--cells", cells_file)
    single = call("validate", "scenarios/auth/login.yaml", "scenarios/negative/insufficient_funds.yaml")
    for answer in (whole, single):
        assert (answer.code, answer.out) == (2, "")
        assert [line.split(":")[0] for line in answer.err.splitlines() if "titel" in line] == [
            "scenarios/auth/login.yaml",
            "scenarios/negative/insufficient_funds.yaml",
        ]


def test_validate_holds_scenarios_against_cells(project: Path, cells_file: Path) -> None:
    """A scenario that is right by itself may not fit a cell."""
    path = project / "scenarios" / "auth" / "login.yaml"
    text = path.read_text()
    path.write_text(text.replace('"pool:', '"pool:no-such-'))
    assert call("validate").code == 0
    answer = call("validate", "--cells", cells_file)
    assert answer.code == 2
    assert "no player in the pool" in answer.err


HOOKED = """
platform: hooked
operations:
  odd.one: {out: {answer: string}, python: "odd_hooks:one"}
"""


def test_validate_looks_python_up_only_where_a_cells_file_says_what_is_allowed(
    project: Path, cells_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one it says what it left aside; with one, a module that is not on its list is a mistake."""
    monkeypatch.syspath_prepend(str(project))
    (project / "odd_hooks.py").write_text("def one(args):\n    yield\n    return {'answer': ''}\n")
    (project / "hooked.yaml").write_text(HOOKED)
    alone = call("validate", "hooked.yaml")
    assert (alone.code, alone.out) == (0, "ok: 1 file\n"), alone.err
    assert alone.err == "not looked up, as no cells file says which modules may be used: python: odd_hooks:one\n"
    refused = call("validate", "hooked.yaml", "--cells", cells_file)
    assert refused.code == 2
    assert "'odd_hooks' is not on the `python` list" in refused.err
    (project / "cells.yaml").write_text(f"python: [odd_hooks]\n{cells_file.read_text()}")
    assert call("validate", "hooked.yaml").err == ""
    assert call("validate", "hooked.yaml", "cells.yaml", "--cells", "nowhere.yaml").code == 2


def test_validate_of_what_is_not_there(project: Path) -> None:
    """A missing file and an empty folder are each told."""
    (project / "empty").mkdir()
    assert call("validate", "nowhere.yaml").code == 2
    assert "no YAML file in empty" in call("validate", "empty").err


@pytest.mark.parametrize("kind", ["scenario", "platform", "cells", "run", "summary"])
def test_each_schema_is_a_good_one(kind: str) -> None:
    """2020-12, as editors want it."""
    answer = call("schema", kind)
    assert (answer.code, answer.err) == (0, "")
    Draft202012Validator.check_schema(json.loads(answer.out))


def test_an_unknown_schema_has_a_did_you_mean() -> None:
    """Exit 2."""
    answer = call("schema", "scenari")
    assert (answer.code, answer.err) == (2, "error: there is no schema 'scenari'; did you mean 'scenario'?\n")


def test_the_catalogues_are_one_line_each_where_nobody_looks() -> None:
    """Name first, tab-separated: for scripts."""
    faults = [line.split("\t") for line in call("reference", "faults").out.splitlines()]
    defects = [line.split("\t") for line in call("reference", "defects").out.splitlines()]
    assert [line[0] for line in faults] == list(FAULTS)
    assert [line[0] for line in defects] == list(DEFECTS)
    assert {line[1] for line in faults} <= {"psp", "provider", "platform", "harness"}
    assert all(len(line) == 5 for line in faults + defects)


@pytest.mark.parametrize("verb", [("demo",), ("reference", "up")])
def test_an_unknown_fault_has_a_did_you_mean(verb: tuple[str, ...]) -> None:
    """Before anything is started."""
    answer = call(*verb, "--fault", "webhook_never_come")
    assert answer.code == 2
    assert answer.err == "error: there is no fault 'webhook_never_come'; did you mean 'webhook_never_comes'?\n"


@pytest.mark.parametrize("words", [["reference", "up"], pytest.param(["demo"], marks=pytest.mark.slow)])
def test_a_missing_extra_says_which_to_install(words: list[str]) -> None:
    """The base install is what the production runner needs; the platform is an extra."""
    code = f"import sys; sys.modules['joserfc'] = None; from synthetic.cli.main import main; sys.exit(main({words!r}))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 3
    assert ended.stderr.startswith("error: the reference platform is not installed; add its extra:")
    assert 'pip install "igaming-synthetic[reference]" (there is no joserfc)' in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_an_error_of_ours_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Also a bug, and what a task group wraps; the exit code is of whose fault it was."""
    assert tell_error(RuntimeError("boom")) == 3
    assert tell_error(ExceptionGroup("tasks", [TargetUnreachable("it is down")])) == 3
    assert tell_error(HarnessError("two\nlines\x1b[31m")) == 3
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("error: this is a bug of synthetic: RuntimeError('boom')")
    assert told[1:] == ["error: it is down", "error: two", "lines\ufffd[31m"]


def test_version_and_help() -> None:
    """The first things that anybody tries."""
    assert call("--version").out.startswith("synthetic ")
    answer = call("--help")
    for verb in ("demo", "reference", "run", "validate", "list", "schema", "explain", "init"):
        assert verb in answer.out
