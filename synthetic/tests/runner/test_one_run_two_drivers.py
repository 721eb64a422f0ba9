"""One recorded run of the main flow, played again: from its recording alone, and by both drivers over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from synthetic.config.cell_secrets import cell_secrets
from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.config.shipped import shipped_root
from synthetic.core.effects import Effect, Http, WsOpen, WsReceive, WsSend
from synthetic.core.events import Event, RunEnded
from synthetic.core.machine import play
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import RunSpec
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.blocking_driver import BlockingDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.course import Scenario
from synthetic.drivers.recording import Recorder, Recording, ReplayMismatch, replay
from synthetic.drivers.replay_server import ReplayServer
from synthetic.journal.memory import MemoryJournal
from synthetic.runner.identity import fresh_seed
from synthetic.runner.specs import Part, Turn, make_spec

Listened = Callable[[Scenario[RunEnded]], Scenario[RunEnded]]


@pytest.fixture(scope="module")
def spec(synthetic_cells_file: Path) -> RunSpec:
    """The specification of one run of the main flow on the reference platform."""
    platform = load_platform(shipped_root() / "fixtures" / "platforms" / "reference.yaml")
    plan = load_scenario(shipped_root() / "scenarios" / "cashier" / "deposit_bet_withdraw.yaml", platform)
    cell = load_cells(synthetic_cells_file)["canary"]
    part = Part(plan, cell)
    player = next(player for player in cell.players if player.pool == "standard")
    return make_spec(
        part,
        Turn((part,), {"psp": "psp-a", "provider": "provider-b"}, 0),
        player,
        cell_secrets(cell),
        seed=fresh_seed(),
        clock=SystemClock(),
        scheduled_ns=0,
    )


@pytest.fixture(scope="module")
def recorded(spec: RunSpec) -> tuple[Recording, list[Event]]:
    """That run, played once against the platform."""
    recorder, events = Recorder(), list[Event]()
    driver = BlockingDriver(allow=spec.cell.allow)
    try:
        ended = driver.run(recorder.listen(play(spec)), sink=events.append, journal=MemoryJournal())
    finally:
        driver.close()
    assert ended.outcome is RunOutcome.OK, ended.reason
    return recorder.recording(), events


def test_a_run_replays_from_its_recording_event_by_event(
    spec: RunSpec, recorded: tuple[Recording, list[Event]]
) -> None:
    """Fed the recorded results, the machine asks for the same effects to the byte, and tells the same events."""
    recording, told = recorded
    again: list[Event] = []
    ended = replay(play(spec), Recording.from_json(recording.to_json()), again.append)
    assert ended.outcome is RunOutcome.OK
    assert again == told


def test_another_seed_is_another_run(spec: RunSpec, recorded: tuple[Recording, list[Event]]) -> None:
    """Ids, keys and trace come from the run's id, so the replay parts at the first request."""
    with pytest.raises(ReplayMismatch, match="effect 0"):
        replay(play(replace(spec, run_id="r-another")), recorded[0])


def test_both_drivers_ask_for_the_same_effects(spec: RunSpec, recorded: tuple[Recording, list[Event]]) -> None:
    """Played over real sockets against the recording, asyncio and blocking yield one sequence of effects: the recorded one."""
    recording, _ = recorded
    wanted = comparable(recording)
    assert len(wanted) > 20
    assert played_by(asyncio_run, spec, recording) == wanted
    assert played_by(blocking_run, spec, recording) == wanted


def played_by(
    run: Callable[[RunSpec, str, Scenario[RunEnded]], RunEnded], spec: RunSpec, recording: Recording
) -> list[Effect]:
    """Play the run against a server that answers from the recording; the effects that came."""
    recorder = Recorder()
    with ReplayServer(recording) as server:
        ended = run(spec, server.authority, server.rebased(recorder.listen(play(spec))))
        assert server.mistakes == ()
    assert ended.outcome is RunOutcome.OK, ended.reason
    return comparable(recorder.recording())


def asyncio_run(_spec: RunSpec, authority: str, scenario: Scenario[RunEnded]) -> RunEnded:
    """By the production runner's driver."""

    async def run() -> RunEnded:
        driver = AsyncDriver(allow=[authority])
        try:
            return await driver.run(scenario, sink=lambda _event: None, journal=MemoryJournal())
        finally:
            await driver.aclose()

    return asyncio.run(run())


def blocking_run(_spec: RunSpec, authority: str, scenario: Scenario[RunEnded]) -> RunEnded:
    """By pytest's driver."""
    driver = BlockingDriver(allow=[authority])
    try:
        return driver.run(scenario, sink=lambda _event: None, journal=MemoryJournal())
    finally:
        driver.close()


def comparable(recording: Recording) -> list[Effect]:
    """The effects without their time-outs, which shrink with the time that is left for a step."""
    return [timeless(effect) for effect, _ in recording.exchanges]


def timeless(effect: Effect) -> Effect:
    """An effect without its time-out."""
    match effect:
        case Http() | WsOpen() | WsSend() | WsReceive():
            return replace(effect, timeout_s=0.0)
        case _:
            return effect
