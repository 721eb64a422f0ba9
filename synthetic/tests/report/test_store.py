"""The store keeps the newest runs and finds them by a unique prefix."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from synthetic.core.errors import HarnessError
from synthetic.report.store import NoSuchRun, RunStore
from synthetic.tests.report.recorded import record, records
from synthetic.tests.sli.streams import failing, passing


def test_a_run_is_found_by_its_id_or_a_unique_prefix(tmp_path: Path) -> None:
    """What was saved comes back unchanged, also from another process's store object."""
    kept = records(passing("rab1"), failing("rac2"))
    with RunStore(tmp_path / "deep" / "runs.db") as store:
        store.save(kept)
    with RunStore(tmp_path / "deep" / "runs.db") as store:
        assert store.find("rab") == kept[0]
        assert store.find("rac2") == kept[1]


def test_an_id_that_is_the_start_of_another_is_still_found(tmp_path: Path) -> None:
    """The exact id wins over longer ones."""
    with RunStore(tmp_path / "runs.db") as store:
        store.save(records(passing("ra"), passing("ra1")))
        assert store.find("ra").run_id == "ra"


def test_an_ambiguous_prefix_is_refused_with_its_candidates(tmp_path: Path) -> None:
    """One clear line, no guess."""
    with RunStore(tmp_path / "runs.db") as store:
        store.save(records(passing("ra1"), passing("ra2")))
        with pytest.raises(NoSuchRun, match="more than one run: ra1, ra2"):
            store.find("ra")


@pytest.mark.parametrize("prefix", ["x", "", "%", "r_", "ra1x", "*"])
def test_an_unknown_prefix_is_refused_and_wildcards_mean_nothing(tmp_path: Path, prefix: str) -> None:
    """The message shows what there is instead."""
    with RunStore(tmp_path / "runs.db") as store:
        store.save(records(passing("ra1")))
        with pytest.raises(NoSuchRun, match="the newest are ra1"):
            store.find(prefix)


def test_only_the_newest_runs_are_kept(tmp_path: Path) -> None:
    """The file is bounded by the number of runs."""
    with RunStore(tmp_path / "runs.db", kept_max=3) as store:
        store.save(records(*(passing(f"r{n}") for n in range(5))))
        store.save(records(failing("r5")))
        assert len(store) == 3
        assert [run.run_id for run in store.latest(9)] == ["r5", "r4", "r3"]
        assert [run.run_id for run in store.latest(9, outcome="ok")] == ["r4", "r3"]


def test_a_run_saved_again_replaces_itself(tmp_path: Path) -> None:
    """A replay under the same id is the newest."""
    with RunStore(tmp_path / "runs.db") as store:
        store.save(records(passing("r1"), passing("r2")))
        store.save(records(failing("r1")))
        assert [(run.run_id, run.outcome) for run in store.latest(9)] == [("r1", "failed"), ("r2", "ok")]


def test_several_writers_share_the_file(tmp_path: Path) -> None:
    """Eight writers at once lose nothing."""

    def write(number: int) -> None:
        with RunStore(tmp_path / "runs.db") as store:
            for turn in range(5):
                store.save([record(passing(f"r{number}-{turn}"))])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with RunStore(tmp_path / "runs.db") as store:
        assert len(store) == 40


def test_a_file_that_is_no_store_is_one_clear_error(tmp_path: Path) -> None:
    """Our own machine's fault, with the path; never a traceback from SQLite."""
    (tmp_path / "runs.db").write_text("not a database, but long enough to be read as the head of one" * 20)
    with pytest.raises(HarnessError, match=r"runs\.db can't be used"):
        RunStore(tmp_path / "runs.db")
    (tmp_path / "file").write_text("")
    with pytest.raises(HarnessError, match="can't be used"):
        RunStore(tmp_path / "file" / "runs.db")


def test_a_record_of_another_version_is_one_clear_error(tmp_path: Path) -> None:
    """What can't be read is said, not guessed."""
    with RunStore(tmp_path / "runs.db") as store:
        store.save(records(passing("r1")))
        with sqlite3.connect(tmp_path / "runs.db") as other:
            other.execute("UPDATE runs SET record = x'00'")
        other.close()
        with pytest.raises(HarnessError, match="another version"):
            store.find("r1")
