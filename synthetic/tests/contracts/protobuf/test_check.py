"""`make proto`: what it says, and when it is red."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from synthetic.contracts.protobuf.__main__ import SCHEMA, check
from synthetic.tests.contracts.protobuf.test_baselines import git_in

FILE = "acme/v1/paid.proto"
PROTO = 'syntax = "proto3";\n\npackage acme.v1;\n\nmessage Paid {\n  string id = 1;\n  int64 amount_minor = 2;\n}\n'
SETTINGS = "version: v2\nlint:\n  use: [STANDARD]\nbreaking:\n  use: [FILE]\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository whose main has a schema, on a branch of it."""
    schema = tmp_path / SCHEMA
    (schema / FILE).parent.mkdir(parents=True)
    (schema / "buf.yaml").write_text(SETTINGS)
    (schema / FILE).write_text(PROTO)
    git = git_in(tmp_path)
    git("init", "--quiet", "--initial-branch=main")
    git("commit", "--quiet", "--allow-empty", "-m", "before there was a schema")
    git("add", ".")
    git("commit", "--quiet", "-m", "the schema")
    git("switch", "--quiet", "--create", "topic")
    git("commit", "--quiet", "--allow-empty", "-m", "something else")
    return tmp_path


def checked(root: Path, **options: str) -> tuple[int, list[str]]:
    """The exit code, and the lines."""
    lines: list[str] = []
    return check(root, lines.append, **options), lines


def test_a_schema_that_stays_as_it_is_passes(root: Path) -> None:
    """And the check says what it compared with."""
    code, lines = checked(root)
    assert (code, lines[0]) == (0, "buf lint: fine")
    assert lines[1].startswith("buf breaking, against main (")
    assert lines[1].endswith("): fine")


def test_a_removed_field_makes_it_fail_and_is_named(root: Path) -> None:
    """With the file, the rule, and what to do instead."""
    (root / SCHEMA / FILE).write_text(PROTO.replace("  int64 amount_minor = 2;\n", ""))
    code, lines = checked(root)
    assert code == 1
    assert any(line.startswith(f"{SCHEMA}/{FILE}:") and '"amount_minor"' in line for line in lines), lines
    assert "docs/contracts-events.md" in lines[-1]


def test_a_field_that_was_removed_on_main_is_found_by_the_commit_before(root: Path) -> None:
    """On main the last commit is main: what it did is seen against its parent."""
    git = git_in(root)
    git("switch", "--quiet", "main")
    (root / SCHEMA / FILE).write_text(PROTO.replace("  int64 amount_minor = 2;\n", ""))
    git("commit", "--quiet", "-am", "remove a field")
    code, lines = checked(root)
    assert code == 1
    assert any('"amount_minor"' in line for line in lines), lines


def test_a_name_against_the_rules_makes_it_fail(root: Path) -> None:
    """Even where nothing is broken."""
    (root / SCHEMA / FILE).write_text(PROTO.replace("}", "  string Note = 3;\n}"))
    code, lines = checked(root)
    assert code == 1
    assert any("FIELD_LOWER_SNAKE_CASE" in line for line in lines), lines


def test_a_schema_that_main_does_not_have_yet_passes_and_says_so(root: Path) -> None:
    """The first one breaks nothing."""
    code, lines = checked(root, against="HEAD~2")
    assert code == 0
    assert f"has no {SCHEMA} yet" in lines[1]


def test_a_commit_that_is_not_there_fails(root: Path) -> None:
    """A check that compared with nothing must not be green."""
    code, lines = checked(root, against="v9")
    assert code == 1
    assert "v9" in lines[-1]


def test_a_schema_that_does_not_compile_fails(root: Path) -> None:
    """With the line."""
    (root / SCHEMA / FILE).write_text(PROTO.replace("int64", "int46"))
    code, lines = checked(root)
    assert code == 1
    assert "paid.proto:7:" in lines[-1]


@pytest.mark.parametrize("target", ["proto", "check"])
def test_make_runs_it(pytestconfig: pytest.Config, target: str) -> None:
    """`make proto`, and `make check` that everybody runs before a commit. Make is only asked what it would do."""
    command = ["make", "--just-print", "--old-file=.venv/.ready", target]
    done = subprocess.run(command, cwd=pytestconfig.rootpath, capture_output=True, check=True, text=True)
    assert "/python -m synthetic.contracts.protobuf" in done.stdout
