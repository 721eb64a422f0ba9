"""Claims about the run records of a service: which are kept, and that nothing ends their keeping before its time."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from synthetic.cli.serving.records import ONE_OK_IN, RecordFold, record_keeper
from synthetic.core.events import Event, RunEnded, RunStarted
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.report.store import RunStore

STARTED = RunStarted(
    "r", 1, "deposit-bet", "", (), {}, "canary", "canary", "test", "MT", "acme", "2.0", "EUR", "p1", "", 0, 0, 0
)
OK = RunEnded("r", RunOutcome.OK, None, "", "", "", (), 0)
FAILED = replace(OK, outcome=RunOutcome.FAILED, blame=Blame.PLATFORM)


def run(name: str, ended: RunEnded) -> list[Event]:
    return [replace(STARTED, run_id=name), replace(ended, run_id=name)]


def kept(path: Path) -> set[str]:
    with RunStore(path) as store:
        return {record.run_id for record in store.latest(100)}


def test_every_run_that_was_not_ok_is_kept_and_one_in_ten_that_was() -> None:
    """The first one of a probe is, so that there is something to look at; a run that began elsewhere is none of ours."""
    fold = RecordFold()
    events = [event for number in range(2 * ONE_OK_IN) for event in run(f"ok-{number}", OK)]
    events += [*run("bad", FAILED), replace(FAILED, run_id="elsewhere")]
    made = [record.run_id for event in events if (record := fold.take(event)) is not None]
    assert made == ["ok-0", f"ok-{ONE_OK_IN}", "bad"]


def test_a_record_that_breaks_is_told_and_costs_no_other_one(tmp_path: Path) -> None:
    """The thread goes on, where it was gone before without a word: no run could be explained from then on."""
    told = list[str]()
    with record_keeper(tmp_path / "runs.db", told.append) as keeper:
        for event in [*run("one", FAILED), *run("two", replace(FAILED, reason="\ud800")), *run("three", FAILED)]:
            keeper(event)
    assert kept(tmp_path / "runs.db") == {"one", "three"}
    assert len(told) == 1
    assert "'two'" in told[0]


def test_records_that_cannot_be_written_are_told_once_and_written_when_they_can(tmp_path: Path) -> None:
    """A folder that is a file, until somebody has seen to it."""
    (tmp_path / "kept").write_text("")
    told = list[str]()

    def mend(problem: str) -> None:
        told.append(problem)
        if problem:
            (tmp_path / "kept").unlink()

    with record_keeper(tmp_path / "kept" / "runs.db", mend) as keeper:
        for event in run("one", FAILED):
            keeper(event)
        deadline_s = time.monotonic() + 60
        while told[1:] != [""]:
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
    assert kept(tmp_path / "kept" / "runs.db") == {"one"}
