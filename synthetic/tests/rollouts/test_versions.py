"""Claims about the versions that cells show: which is the present one, since when, and that forgotten runs do not move it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from synthetic.gate.observed import Observation
from synthetic.journal.sqlite_database import SqliteDatabase
from synthetic.rollouts import store as store_module
from synthetic.rollouts import versions as versions_module
from synthetic.rollouts.store import OBSERVATIONS_FOR_NS, ROLLOUTS_FOR_NS, Store, open_store
from synthetic.tests.rollouts.evidence import NOON_NS, S, TestClock, run


def told(number: int, version: str, *, by_cell: bool = True) -> Observation:
    """A run of that second; the cell has told the version itself, or else it is what the cells file says."""
    return run(number, at_s=number, version=version, version_told=by_cell)


def present(store: Store) -> tuple[str, float, float]:
    """The version, and the seconds after noon at which it was first seen, and since when it is there."""
    seen = store.version_of("canary")
    assert seen is not None
    return seen.version, (seen.first_ns - NOON_NS) / S, (seen.since_ns - NOON_NS) / S


def test_a_version_that_comes_back_is_there_since_then_and_was_first_seen_before(any_store: Store) -> None:
    """It is the same version, so what was decided of it stands; its watch is a new one."""
    any_store.observe([told(n, version) for n, version in enumerate(["2.0", "1.0", "2.0", "2.0"])])
    assert present(any_store) == ("2.0", 0, 2)
    assert any_store.version_of("canry") is None


def test_a_run_that_got_no_answer_is_no_other_version(any_store: Store) -> None:
    """It carries what the cells file says; a canary that drops connections would be a new release with each of them."""
    for n in range(6):
        any_store.observe([told(n, "1.9", by_cell=False) if n % 2 else told(n, "2.0")])
    assert present(any_store) == ("2.0", 0, 0)


def test_what_the_cells_file_says_counts_where_no_cell_tells_more(store: Store) -> None:
    """Many platforms tell no version."""
    store.observe([told(0, "1.9", by_cell=False), told(1, "2.0", by_cell=False)])
    assert present(store) == ("2.0", 1, 1)


def test_a_run_that_is_kept_late_does_not_bring_its_version_back(store: Store) -> None:
    """Runs that were under way while the release came up end after the first ones of it."""
    store.observe([told(5, "2.0")])
    store.observe([told(3, "1.0"), told(6, "2.0")])
    assert present(store) == ("2.0", 5, 5)


def test_runs_that_are_forgotten_do_not_move_a_version(
    store: Store, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name stands in decisions: a fail would be forgotten with them."""
    monkeypatch.setattr(store_module, "OBSERVATIONS_MAX", 2)
    store.observe([told(n, "2.0") for n in range(9)])
    assert store.forget(clock.wall_ns()) == 7
    assert present(store) == ("2.0", 0, 0)


def test_a_version_is_forgotten_with_what_was_decided_of_it(store: Store) -> None:
    """And long before that a cell that has stopped to tell its version is known by its cells file again."""
    store.observe([told(0, "2.0")])
    store.forget(NOON_NS + OBSERVATIONS_FOR_NS + S)
    store.observe([told(1, "1.9", by_cell=False)])
    assert present(store)[0] == "1.9"
    store.forget(NOON_NS + ROLLOUTS_FOR_NS + 2 * S)
    assert store.version_of("canary") is None


def test_a_run_from_the_future_does_not_keep_later_versions_away(store: Store, clock: TestClock) -> None:
    """One worker with a wrong clock is enough for it."""
    store.observe([told(9_000, "2.0")])
    store.forget(clock.wall_ns())
    store.observe([told(60, "3.0")])
    assert present(store)[0] == "3.0"


def test_a_cell_that_tells_ever_new_versions_does_not_fill_the_store(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest ones are kept."""
    monkeypatch.setattr(versions_module, "VERSIONS_MAX", 3)
    for n in range(6):
        store.observe([told(n, f"2.{n}")])
    store.observe([replace(told(7, "2.0"), run_id="again")])
    assert present(store) == ("2.0", 7, 7)


def test_a_store_of_the_version_before_is_brought_up_to_date(store: Store, tmp_path: Path) -> None:
    """What it has seen is still there."""
    store.observe([told(3, "2.0"), told(4, "2.0")])
    other = SqliteDatabase(tmp_path / "runner.gate.db")
    with other.write() as transaction:
        for statement in (
            "DROP TABLE gate_versions",
            "DROP INDEX gate_signals_once",
            "ALTER TABLE gate_signals DROP COLUMN id",
            "UPDATE gate_version SET version = 1",
        ):
            transaction.change(statement)
    other.close()
    for _ in range(2):
        with open_store(f"sqlite:///{tmp_path / 'runner.gate.db'}") as again:
            assert present(again) == ("2.0", 3, 3)
