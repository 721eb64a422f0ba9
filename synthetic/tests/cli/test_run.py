"""`synthetic run` plays scenarios on cells and says how they ended, by text, document and exit code."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from synthetic.tests.cli.calling import call

QUIET = """
scenario: look
title: A player looks at the balance
tags: [quiet]
schedule: {every: 60s, deadline: 30s}
lease: {player: "pool:standard"}
steps:
  - {id: login, call: auth.login}
  - {id: start, call: wallet.balance}
invariants:
  - start.total == start.cash + start.bonus + start.locked
"""


@pytest.fixture
def look(project: Path) -> Path:
    """A scenario that moves nothing and takes one log-in; the only one of its tag."""
    path = project / "scenarios" / "look.yaml"
    path.write_text(QUIET)
    return path


def test_json_is_an_array_of_records_and_nothing_else(project: Path, cells_file: Path) -> None:
    """Standard output validates against `synthetic schema run`; the rest is on standard error."""
    answer = call(
        "run", "--cells", cells_file, "--cell", "canary", "--scenario", "deposit-bet-withdraw",
        "--row", "psp=psp-a", "--row", "provider=provider-a", "--format", "json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    (record,) = json.loads(answer.out)
    schema = json.loads(call("schema", "run").out)
    Draft202012Validator(schema).validate(record)
    assert (record["cell"], record["outcome"], record["row"]["psp"]) == ("canary", "ok", "psp-a")
    assert {moved["direction"] for moved in record["money"]} >= {"in", "stake", "out"}
    assert "1 run: 1 ok" in answer.err


def test_no_secret_is_in_any_output(project: Path, cells_file: Path) -> None:
    """Not the password, the keys, or the tokens that came on the way: not in records, nor in the stores on disk."""
    secrets = {path.read_text().strip() for path in (cells_file.parent / "secrets").iterdir()}
    answer = call("run", "--cells", cells_file, "--cell", "canary", "--scenario", "login", "--format", "json")
    assert answer.code == 0, answer.err
    shown = answer.out + answer.err + call("explain", "--full").out
    assert not [secret for secret in secrets if len(secret) >= 8 and secret in shown]
    tokens = re.findall(r'\\"token\\": ?\\"([^"\\]+)', answer.out)
    assert set(tokens) == {"***"}


def test_text_is_a_line_a_run_and_the_counts(look: Path, cells_file: Path) -> None:
    """On all cells of the file where none is named; `explain` finds the run."""
    answer = call("run", "--cells", cells_file, "--tag", "quiet", "--seed", "1")
    assert answer.code == 0, answer.err
    *runs, closing = answer.out.splitlines()
    assert closing == "2 runs: 2 ok"
    assert {line.split("  on ")[1].split()[0] for line in runs} == {"canary", "baseline"}
    assert call("explain", runs[0].split()[-1]).code == 0
    assert "seed 1, 2 runs" in answer.err


@pytest.mark.slow
def test_the_same_seed_gives_the_same_runs(look: Path, cells_file: Path) -> None:
    """Ids and keys come from the seed, so a run can be played again."""
    words = ("run", "--cells", cells_file, "--cell", "canary", "--tag", "quiet", "--format", "json", "--repeat", 2)
    first, again = (json.loads(call(*words, "--seed", 7).out) for _ in range(2))
    fresh = json.loads(call(*words).out)
    assert sorted(run["run_id"] for run in first) == sorted(run["run_id"] for run in again)
    assert not {run["run_id"] for run in first} & {run["run_id"] for run in fresh}


def test_a_seed_that_has_moved_money_is_not_played_again(project: Path, cells_file: Path) -> None:
    """Its keys stand for what they moved then, so every answer would be an old one."""
    row = ("--row", "psp=psp-a", "--row", "provider=provider-a")
    words = (
        "run",
        "--cells",
        cells_file,
        "--cell",
        "canary",
        "--scenario",
        "deposit-bet-withdraw",
        *row,
        "--seed",
        4711,
    )
    assert call(*words).code == 0
    again = call(*words)
    assert again.code == 2
    assert "--seed 4711 was played before" in again.err


def test_junit_goes_to_its_file(look: Path, cells_file: Path, tmp_path: Path) -> None:
    """Standard output stays empty."""
    out = tmp_path / "reports" / "junit.xml"
    answer = call("run", "--cells", cells_file, "--tag", "quiet", "--format", "junit", "--output", out)
    assert (answer.code, answer.out) == (0, "")
    root = ET.fromstring(out.read_text())  # noqa: S314 - our own text
    assert (root.attrib["tests"], root.attrib["failures"]) == ("2", "0")


def test_a_failed_run_is_exit_1_and_says_why(look: Path, cells_file: Path) -> None:
    """With its blame, on its line."""
    look.write_text(QUIET + "  - start.cash < start.cash\n")
    answer = call("run", "--cells", cells_file, "--cell", "canary", "--scenario", "look")
    assert answer.code == 1
    assert "FAILED   look  on canary" in answer.out
    assert "blame platform" in answer.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--cell", "canari"), "error: there is no cell 'canari'; did you mean 'canary'?"),
        (("--scenario", "logn"), "error: there is no scenario 'logn'; did you mean 'login'?"),
        (("--tag", "monney"), "error: there is no tag 'monney'; did you mean 'money'?"),
        (("--cells", "nowhere.yaml"), "error: there is no cells file 'nowhere.yaml' here"),
        (("--platforms", "nowhere"), "error: there is no folder 'nowhere' here"),
    ],
)
def test_an_unknown_name_is_one_line_with_a_did_you_mean(
    project: Path, cells_file: Path, words: tuple[str, ...], message: str
) -> None:
    """Exit 2, nothing on standard output, nothing sent."""
    answer = call("run", "--cells", cells_file, *words)
    assert (answer.code, answer.out, len(answer.err.splitlines())) == (2, "", 1)
    assert answer.err.startswith(message)


@pytest.mark.parametrize("words", [("--row", "psp"), ("--repeat", "0"), ("--nonsense",), ("--format", "xml")])
def test_wrong_usage_is_exit_2(project: Path, cells_file: Path, words: tuple[str, ...]) -> None:
    """As every command line has it."""
    assert call("run", "--cells", cells_file, *words).code == 2


def test_a_mistake_in_a_file_has_its_place(look: Path, cells_file: Path) -> None:
    """file:line:column, and nothing is played."""
    look.write_text(QUIET.replace("wallet.balance", "wallet.ballance"))
    answer = call("run", "--cells", cells_file, "--scenario", "look")
    assert answer.code == 2
    assert re.match(r"scenarios/look\.yaml:9:\d+: .*wallet\.ballance.*did you mean 'wallet\.balance'", answer.err)


def test_no_row_is_nothing_ran(project: Path, cells_file: Path) -> None:
    """Exit 5: it must not look like a pass."""
    answer = call("run", "--cells", cells_file, "--scenario", "login", "--row", "psp=psp-x")
    assert (answer.code, answer.out) == (5, "nothing ran\n")


def test_an_unreachable_cell_is_exit_3_and_one_line(look: Path, cells_file: Path, tmp_path: Path) -> None:
    """A refused connection is the target's, and no run has failed."""
    dead = _moved_to(cells_file, tmp_path, f"127.0.0.1:{_free_port()}")
    answer = call("run", "--cells", dead, "--cell", "canary", "--scenario", "look")
    assert (answer.code, answer.out) == (3, "")
    assert re.search(r"^error: cell 'canary', endpoint '\w+' \(http://127.*connect_refused", answer.err, re.MULTILINE)


def test_a_target_off_the_allow_list_is_refused(look: Path, cells_file: Path, tmp_path: Path) -> None:
    """Exit 2, before any request."""
    text = cells_file.read_text().replace("127.0.0.1:*", "cell.example.com")
    (tmp_path / "cells.yaml").write_text(text)
    answer = call("run", "--cells", tmp_path / "cells.yaml", "--scenario", "look")
    assert answer.code == 2
    assert "allow-list" in answer.err


def test_a_secret_reference_that_leads_nowhere_is_exit_2(look: Path, cells_file: Path, tmp_path: Path) -> None:
    """It names the reference, never a value."""
    (tmp_path / "cells.yaml").write_text(cells_file.read_text())  # its secrets are beside the other file
    answer = call("run", "--cells", tmp_path / "cells.yaml", "--cell", "canary", "--scenario", "look")
    assert answer.code == 2, answer.err
    assert "can't be read" in answer.err


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _moved_to(cells_file: Path, folder: Path, address: str) -> Path:
    """The same cells at an address where nobody listens, with their secrets by absolute path."""
    text = re.sub(r"127\.0\.0\.1:\d+", address, cells_file.read_text())
    (folder / "dead.yaml").write_text(text.replace("file:secrets/", f"file:{cells_file.parent}/secrets/"))
    return folder / "dead.yaml"
