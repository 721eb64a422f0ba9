"""Each shape in a short run: it drives the users, and no run or cent is lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.journal.book import open_book
from synthetic.locust_user.thresholds import Exit
from synthetic.tests.locust_user.locusts import LENIENT, LOCUSTFILE, SHAPES, locust

IMPOSSIBLE = LENIENT + "  - {name: instant, sli: login, p95_at_most: 1 ms}\n"


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("shape", ["promo_peak", "tournament_start", "payday", "soak"])
def test_a_shape_plays_to_its_end_and_all_money_is_home(tmp_path: Path, cells: Path, shape: str) -> None:
    """Users come and go; every run that began came to its end."""
    shape_file = SHAPES / f"{shape}.py"
    ended = locust(tmp_path, cells, "-u", "12", "-t", "10s", files=(LOCUSTFILE, shape_file))
    assert ended.code == Exit.PASS or (ended.code == Exit.HARNESS and ended.lagged), ended.out
    assert "Shape test updating to 12 users" in ended.out
    assert "Reconciled: journal = ledger = PSP reports, to the cent" in ended.out
    with open_book(tmp_path / "load.db") as book:
        assert (book.open_runs(), book.open_intents()) == ([], [])


@pytest.mark.slow
@pytest.mark.exhaustive
def test_steps_to_failure_end_where_an_objective_is_missed(tmp_path: Path, cells: Path) -> None:
    """Nobody signs in within a millisecond, so not even the first steps hold; it says where, and which."""
    steps = SHAPES / "step_to_failure.py"
    ended = locust(tmp_path, cells, "-u", "20", "-t", "200s", files=(LOCUSTFILE, steps), slo=IMPOSSIBLE)
    assert ended.code == Exit.MISSED or (ended.code == Exit.HARNESS and ended.lagged), ended.out
    assert "Limit: held at" in ended.out
    assert ": instant " in ended.out


@pytest.mark.slow
@pytest.mark.exhaustive
def test_an_open_model_begins_what_is_due_and_counts_from_then(tmp_path: Path, cells: Path) -> None:
    """Three users can't play ten runs a second: they fall behind, and the time of a run says so."""
    ended = locust(tmp_path, cells, "-u", "3", "-r", "3", "-t", "8s", "--arrivals", "10")
    assert "begun late by: p50 " in ended.out, ended.out
    assert "no user was free until the end (" in ended.out
    assert ended.code == Exit.HARNESS
    assert "Reconciled: journal = ledger = PSP reports, to the cent" in ended.out
