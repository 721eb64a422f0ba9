"""Generality: the mapping of a platform that shares nothing with the reference one needs no Python (docs/examples/lotus)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import bind, load_scenario
from synthetic.core.events import Event, MoneyMoved, RunEnded, UndoEnded
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.core.plan import CellPlan, ScenarioPlan
from synthetic.journal.memory import MemoryJournal
from synthetic.runner.blocking import BlockingSession
from synthetic.runner.identity import fresh_seed
from synthetic.tests.second_platform.lotus import OFFICE, PLAYER, UNITS, Lotus

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "lotus"
SCENARIO = EXAMPLE / "scenarios" / "topup_and_wager.yaml"


@contextmanager
def open_for_business(lotus: Lotus) -> Iterator[str]:
    """Serve the platform on a free port; answers its authority."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(lotus.app(), log_config=None, lifespan="off", ws="websockets-sansio"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, name="lotus")
        thread.start()
        deadline = time.monotonic() + 30
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            yield f"127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment that the example's references lead to."""
    monkeypatch.setenv("LOTUS_OFFICE_PASSWORD", OFFICE[1])
    monkeypatch.setenv("LOTUS_PLAYER_PASSWORD", PLAYER[1])


def example() -> tuple[ScenarioPlan, CellPlan]:
    """The example's scenario and cell."""
    plan = load_scenario(SCENARIO, load_platform(EXAMPLE / "platform.yaml"))
    return plan, load_cells(EXAMPLE / "cells.yaml")["lotus-canary"]


def play(lotus: Lotus) -> tuple[RunEnded, list[Event]]:
    """Play the example against a running Lotus."""
    plan, cell = example()
    events: list[Event] = []
    with open_for_business(lotus) as authority:
        endpoints = {name: url.replace("127.0.0.1:8301", authority) for name, url in cell.endpoints.items()}
        session = BlockingSession(replace(cell, endpoints=endpoints), seed=fresh_seed(), journal=MemoryJournal())
        try:
            return session.play(plan, {}, sink=events.append), events
        finally:
            session.close()


def test_the_example_fits_its_cell() -> None:
    """Scenario, mapping and cells file of the docs agree."""
    plan, cell = example()
    assert bind(plan, cell) == []


@pytest.mark.usefixtures("secrets")
def test_forms_cookies_redirects_basic_auth_and_fine_units_need_no_python() -> None:
    """The whole flow is green, to the unit, and the application's ping was answered."""
    lotus = Lotus()
    ended, events = play(lotus)
    assert (ended.outcome, ended.reason) == (RunOutcome.OK, "")
    assert lotus.units == 10 * UNITS
    assert lotus.seen_pongs == [41]
    moved = [(event.kind, str(event.amount)) for event in events if isinstance(event, MoneyMoved)]
    assert moved == [("deposit", "1.500 KWD"), ("stake", "0.250 KWD")]


@pytest.mark.usefixtures("secrets")
def test_no_secret_of_such_a_platform_is_told_either() -> None:
    """Passwords, CSRF token, cookies and tickets stay out of the events, in whatever form they travelled."""
    _, events = play(Lotus())
    told = repr(events)
    for secret in (*(PLAYER[1], OFFICE[1]), "csrf-5e1f0a", "sid-77aa01", "yes-indeed", "ticket-0c0ffee"):
        assert secret not in told


@pytest.mark.slow
@pytest.mark.usefixtures("secrets")
def test_a_payment_that_is_never_booked_is_the_psps_and_comes_back() -> None:
    """Overdue, blamed by the mapping's rule, then looked up in the back office with basic auth, and reversed."""
    lotus = Lotus(never_books=True)
    ended, events = play(lotus)
    assert (ended.outcome, ended.blame, ended.failed_step) == (RunOutcome.FAILED, Blame.PSP, "topup")
    assert [(e.step, e.result) for e in events if isinstance(e, UndoEnded)] == [("topup", "undone")]


@pytest.mark.usefixtures("secrets")
def test_a_wager_whose_answer_is_lost_is_looked_up_and_cancelled() -> None:
    """The table closes after taking the stake: the wager is found by its key and cancelled, then the top-up reversed."""
    lotus = Lotus(drops_table=True)
    ended, events = play(lotus)
    assert ended.failed_step == "wager"
    undone = [(e.step, e.result) for e in events if isinstance(e, UndoEnded)]
    assert undone == [("wager", "undone"), ("topup", "undone")]
    assert lotus.units == 10 * UNITS
