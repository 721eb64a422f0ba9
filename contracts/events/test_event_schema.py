"""The events' schema under Buf: it is clean, a change that breaks a reader is refused by name, a harmless one is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from synthetic.contracts.protobuf import BufFailed, breaking, build, lint

ROUND = "gaming/events/v1/round_settled.proto"
MONEY = "gaming/events/v1/money.proto"
HEADER = "gaming/events/v1/header.proto"

BREAKING = {
    "a field removed": (ROUND, "  string game = 5;\n", "", "game"),
    "a field removed and its number reserved": (ROUND, "string game = 5;", 'reserved 5; reserved "game";', "game"),
    "a field renumbered": (ROUND, "string game = 5;", "string game = 15;", "game"),
    "a field's type changed": (ROUND, "string provider = 3;", "bytes provider = 3;", "provider"),
    "money of another width": (MONEY, "optional int64 amount_minor", "optional int32 amount_minor", "amount_minor"),
    "a field renamed": (ROUND, "string player_id = 4;", "string customer_id = 4;", "customer_id"),
    "one value made many": (ROUND, "Money payout = 8;", "repeated Money payout = 8;", "payout"),
    "zero no longer told from absent": (HEADER, "optional bool synthetic", "bool synthetic", "synthetic"),
    "an enum value renamed": (ROUND, "ROUND_OUTCOME_VOID = 3", "ROUND_OUTCOME_CANCELLED = 3", "ROUND_OUTCOME_VOID"),
    "an enum value removed": (ROUND, "  ROUND_OUTCOME_LOST = 2;\n", "", '"2" on enum "RoundOutcome"'),
}

HARMLESS = {
    "a new field": (ROUND, "  Money payout = 8;\n", "  Money payout = 8;\n  string bonus_code = 900;\n"),
    "a new enum value": (ROUND, "ROUND_OUTCOME_VOID = 3;", "ROUND_OUTCOME_VOID = 3;\n  ROUND_OUTCOME_DRAWN = 4;"),
    "a new message": (MONEY, "// An amount,", "message Tax {\n  int64 amount_minor = 1;\n}\n\n// An amount,"),
    "another comment": (MONEY, "// An amount,", "// A sum,"),
    "another order of the fields": (
        ROUND,
        "  Money stake = 7;\n  Money payout = 8;\n",
        "  Money payout = 8;\n  Money stake = 7;\n",
    ),
}


@pytest.fixture
def changed(schema_folder: Path, tmp_path: Path) -> Path:
    """A copy of the schema, to be changed."""
    return Path(shutil.copytree(schema_folder, tmp_path / "proto"))


def edit(schema: Path, file: str, old: str, new: str) -> None:
    """Replace what is there exactly once."""
    text = (schema / file).read_text()
    assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times"
    (schema / file).write_text(text.replace(old, new))


def test_the_schema_follows_the_rules(schema_folder: Path) -> None:
    """`buf lint` with its standard rules."""
    assert lint(schema_folder) == []


def test_a_name_against_the_rules_is_found_with_its_line(changed: Path) -> None:
    """The lint is really at work."""
    edit(changed, MONEY, "amount_minor = 1", "AmountMinor = 1")
    (problem,) = lint(changed)
    assert (problem.path, problem.rule) == (MONEY, "FIELD_LOWER_SNAKE_CASE")
    assert problem.line > 0


def test_the_schema_needs_nothing_from_elsewhere(schema_folder: Path) -> None:
    """No dependencies and no plugins: a build machine without network can do all of this."""
    settings = (schema_folder / "buf.yaml").read_text()
    assert "deps" not in settings
    assert "plugins" not in settings
    assert [path.name for path in schema_folder.glob("buf*")] == ["buf.yaml"]


@pytest.mark.parametrize("change", BREAKING)
def test_a_change_that_breaks_a_reader_is_refused_by_name(schema_folder: Path, changed: Path, change: str) -> None:
    """The message names the field or the value, and its file."""
    file, old, new, name = BREAKING[change]
    edit(changed, file, old, new)
    problems = breaking(changed, schema_folder)
    assert any(name in problem.message and problem.path == file for problem in problems), problems


@pytest.mark.parametrize("change", HARMLESS)
def test_a_harmless_change_passes(schema_folder: Path, changed: Path, change: str) -> None:
    """Otherwise nobody would heed the check."""
    edit(changed, *HARMLESS[change])
    assert build(changed) != b""
    assert breaking(changed, schema_folder) == []


def test_a_schema_that_does_not_compile_is_told_with_its_line(changed: Path, schema_folder: Path) -> None:
    """As our own mistake, and not as a change that breaks readers."""
    edit(changed, MONEY, "string currency = 2;", "strin currency = 2;")
    for ask in (lambda: build(changed), lambda: breaking(changed, schema_folder), lambda: lint(changed)):
        with pytest.raises(BufFailed, match=r"money\.proto:"):
            ask()
