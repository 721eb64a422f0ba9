"""What keeps a run from beginning, and what that costs: in our own process, without Locust."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from synthetic.journal.book import open_book
from synthetic.locust_user.asked import Asked, Paths, read_asked
from synthetic.locust_user.carrier import SharedClients
from synthetic.locust_user.figures import NO_PLAYER
from synthetic.locust_user.hard_stops import HardStop
from synthetic.locust_user.session import LoadSession, NothingToPlay
from synthetic.tests.locust_user.test_asked import PLAYS

SEVEN = replace(PLAYS, budget={"run": "5.00 EUR", "day": "7.00 EUR"})


@pytest.fixture
def asked(shipped_cells: Path) -> Asked:
    """A load test with seven euros a day; a run costs one."""
    return read_asked(Paths(shipped_cells), {"Player": SEVEN})


@pytest.fixture
def session(asked: Asked, tmp_path: Path) -> Iterator[LoadSession]:
    """A session that has begun."""
    one = LoadSession(asked, str(tmp_path / "load.db"), HardStop())
    one.start()
    yield one
    one.close()


def refused(session: LoadSession) -> NothingToPlay:
    """Why no run begins. No request leaves."""
    chosen = session.choose(session.asked.played["Player"])
    driver = session.driver(SharedClients(session.asked.tls, session.limits))
    try:
        with pytest.raises(NothingToPlay) as why:
            session.play(chosen, driver, due_ns=None, sink=session.take)
    finally:
        driver.close()
    return why.value


def test_a_run_that_finds_no_player_costs_nothing(session: LoadSession) -> None:
    """Tries without end do not use up a budget of seven runs, and end no test."""
    session.asked = replace(session.asked, cell=replace(session.asked.cell, players=()))
    whys = [refused(session) for _ in range(20)]
    assert {(str(why), why.ends_test) for why in whys} == {(NO_PLAYER, "")}


def test_a_journal_that_admits_no_run_ends_the_test(session: LoadSession, tmp_path: Path) -> None:
    """The kill switch is on: what could be played later is nothing."""
    with open_book(str(tmp_path / "load.db")) as book:
        book.kill("ops", "stop everything")
    assert refused(session).ends_test.startswith("no run could begin any more: ")
