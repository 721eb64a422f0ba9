"""A whole journey through a proxy: every exchange of it, over HTTP and WebSockets, by both drivers."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario, matrix_rows
from synthetic.config.shipped import shipped_root
from synthetic.core.errors import Place
from synthetic.core.events import Event, ExchangeDone, RunEnded
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.core.plan import CellPlan, ScenarioPlan
from synthetic.core.plan_connection import ProxyPlan
from synthetic.core.ports import EventSink
from synthetic.journal.memory import MemoryJournal
from synthetic.runner.blocking import BlockingSession
from synthetic.runner.identity import fresh_seed
from synthetic.runner.session import Session
from synthetic.runner.specs import Part, Turn
from synthetic.tests.drivers.servers import free_port
from synthetic.tests.drivers.small_proxy import SmallProxy

CREDENTIALS = ("hal-the-runner", "sesame-opens")
Play = Callable[[ScenarioPlan, CellPlan, EventSink], RunEnded]


def by_asyncio(plan: ScenarioPlan, cell: CellPlan, sink: EventSink) -> RunEnded:
    """The runner's session."""
    turn = Turn((Part(plan, cell),), matrix_rows(plan, cell)[0], 0)

    async def play() -> RunEnded:
        async with Session([cell], seed=fresh_seed(), sink=sink, journal=MemoryJournal()) as session:
            (ended,) = await session.play_all([turn], at_once=1)
            return ended

    return asyncio.run(play())


def by_blocking(plan: ScenarioPlan, cell: CellPlan, sink: EventSink) -> RunEnded:
    """pytest's."""
    session = BlockingSession(cell, seed=fresh_seed(), journal=MemoryJournal())
    try:
        return session.play(plan, matrix_rows(plan, cell)[0], sink=sink)
    finally:
        session.close()


@pytest.fixture(params=[by_asyncio, by_blocking])
def play(request: pytest.FixtureRequest) -> Play:
    """Each session in turn."""
    function: Play = request.param
    return function


@pytest.fixture(scope="module")
def plan() -> ScenarioPlan:
    """Money in, a round over a WebSocket, money out, and the PSP's report of it."""
    platform = load_platform(shipped_root() / "fixtures" / "platforms" / "reference.yaml")
    file = next((shipped_root() / "scenarios").rglob("deposit_bet_withdraw.yaml"))
    return load_scenario(file, platform)


@pytest.fixture
def behind(synthetic_cells_file: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], CellPlan]:
    """Makes the canary of a running platform one behind a proxy."""
    monkeypatch.setenv("PROXY_USER", CREDENTIALS[0])
    monkeypatch.setenv("PROXY_PASSWORD", CREDENTIALS[1])
    cell = load_cells(synthetic_cells_file)["canary"]

    def make(url: str) -> CellPlan:
        proxy = ProxyPlan(Place(), url, "env:PROXY_USER", "env:PROXY_PASSWORD")
        return replace(cell, connection=replace(cell.connection, proxy=proxy))

    return make


def test_a_journey_goes_through_the_proxy_and_past_it_goes_nothing(
    plan: ScenarioPlan, behind: Callable[[str], CellPlan], play: Play
) -> None:
    """The proxy has seen as many requests as were exchanged, and none of its credentials are in any event."""
    events: list[Event] = []
    with SmallProxy(CREDENTIALS) as proxy:
        ended = play(plan, behind(proxy.url), events.append)
    assert ended.outcome is RunOutcome.OK, ended.reason
    asked = [line for line in proxy.lines if not line.startswith("CONNECT ")]
    exchanged = [event for event in events if isinstance(event, ExchangeDone) and event.kind == "http"]
    assert len(asked) == len(exchanged) > 5
    assert any(line.startswith("CONNECT ") for line in proxy.lines), "the game's socket"
    assert not spelled(repr(events))


def spelled(text: str) -> list[str]:
    """The spellings of the proxy's credentials that stand in a text."""
    encoded = base64.b64encode(":".join(CREDENTIALS).encode()).decode().rstrip("=")
    return [secret for secret in (CREDENTIALS[1], encoded) if secret in text]


def test_what_a_proxy_echoes_of_its_credentials_is_masked(
    plan: ScenarioPlan, behind: Callable[[str], CellPlan], play: Play
) -> None:
    """Its error page shows the request, and its header what we authenticated with."""
    events: list[Event] = []
    with SmallProxy(CREDENTIALS, echoing=True) as proxy:
        ended = play(plan, behind(proxy.url), events.append)
    shown = [event for event in events if isinstance(event, ExchangeDone)]
    assert any("Proxy-Authorization: Basic ***" in event.answer_body for event in shown), "it did echo"
    assert not spelled(repr(events) + repr(ended))


def test_a_proxy_that_is_gone_fails_the_run_and_accuses_nobody_else(
    plan: ScenarioPlan, behind: Callable[[str], CellPlan], play: Play
) -> None:
    """It is no evidence against the cell, and nothing has moved."""
    ended = play(plan, behind(f"http://127.0.0.1:{free_port()}"), lambda _event: None)
    assert (ended.outcome, ended.blame, ended.stranded) == (RunOutcome.ABORTED, Blame.HARNESS, ())
    assert "the proxy 127.0.0.1:" in ended.reason
