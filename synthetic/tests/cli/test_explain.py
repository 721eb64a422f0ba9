"""`synthetic explain` finds a run and shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from synthetic.report.records import run_schema
from synthetic.report.store import RunStore
from synthetic.tests.cli.calling import call
from synthetic.tests.report.recorded import records
from synthetic.tests.sli.streams import failing, passing


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with a good run, a failed one and a good one, in this order."""
    path = tmp_path / "runs.db"
    with RunStore(path) as kept:
        kept.save(records(passing("rab1"), failing("rac2"), passing("rac3")))
    return path


def test_a_run_is_shown_by_the_start_of_its_id(store: Path) -> None:
    """As a waterfall on standard output, with nothing beside it."""
    answer = call("explain", "rab", "--store", store)
    assert (answer.code, answer.err) == (0, "")
    assert "OK  deposit-bet-withdraw[psp-a]  on canary" in answer.out
    assert "0af7651916cd43dd8448eb211c80319c" in answer.out


@pytest.mark.parametrize(("words", "run"), [([], "rac3"), (["latest"], "rac3"), (["latest-failed"], "rac2")])
def test_the_latest_runs_have_names(store: Path, words: list[str], run: str) -> None:
    """Without a name it is the latest."""
    assert f"run      {run} " in call("explain", *words, "--store", store).out


def test_full_shows_more(store: Path) -> None:
    """Every request and answer."""
    brief, full = call("explain", "rac2", "--store", store), call("explain", "rac2", "--full", "--store", store)
    assert brief.out.count("expected") < full.out.count("expected")


def test_json_is_the_record(store: Path) -> None:
    """The same document as `run --format json` prints."""
    Draft202012Validator(run_schema()).validate(json.loads(call("explain", "rac2", "--json", "--store", store).out))


@pytest.mark.parametrize(
    ("name", "message"),
    [("x", "no run 'x' in "), ("rac", "more than one run: rac2, rac3"), ("", "no run '' in ")],
)
def test_an_unknown_run_is_one_line_and_exit_2(store: Path, name: str, message: str) -> None:
    """Nothing on standard output, no traceback."""
    answer = call("explain", name, "--store", store)
    assert (answer.code, answer.out, len(answer.err.splitlines())) == (2, "", 1)
    assert message in answer.err


def test_without_a_store_it_says_who_writes_one(tmp_path: Path) -> None:
    """And does not make an empty one."""
    answer = call("explain", "--store", tmp_path / "runs.db")
    assert answer.code == 2
    assert "`synthetic run`" in answer.err
    assert not (tmp_path / "runs.db").exists()


def test_a_broken_store_is_exit_3(tmp_path: Path) -> None:
    """It is our machine's fault."""
    (tmp_path / "runs.db").write_text("this is not a database, however long it is" * 30)
    answer = call("explain", "--store", tmp_path / "runs.db")
    assert (answer.code, len(answer.err.splitlines())) == (3, 1)
