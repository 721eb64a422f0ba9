"""Blocking play: players take turns and rest, and every play of a scenario has its own keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.config.shipped import shipped_root
from synthetic.core.events import Event, RunStarted
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import PlayerPlan
from synthetic.drivers.memory import VirtualClock
from synthetic.journal.memory import MemoryJournal
from synthetic.runner.blocking import BlockingSession, TakingTurns
from synthetic.runner.identity import fresh_seed
from synthetic.runner.players import REST_WITH_TOTP_S


def lent(pool: TakingTurns) -> str:
    """The player of one run."""
    with pool.lease() as player:
        return player.id


def with_totp(name: str) -> PlayerPlan:
    """A player with a second factor."""
    return PlayerPlan(name, "mfa", {}, {"totp": "env:SEED"})


def test_a_player_with_a_second_factor_rests_until_its_next_code() -> None:
    """One code is good for one log-in: the second run waits, as long as it takes and no longer."""
    clock = VirtualClock()
    pool = TakingTurns([with_totp("a")], clock, clock.advance)
    assert [lent(pool), lent(pool)] == ["a", "a"]
    assert clock.monotonic_ns() == REST_WITH_TOTP_S * 1e9


def test_a_rested_player_comes_before_one_that_has_to_rest() -> None:
    """Nobody waits while another one could play; then the one that is ready first is waited for."""
    clock = VirtualClock()
    pool = TakingTurns([with_totp("a"), with_totp("b"), PlayerPlan("c", "mfa", {}, {})], clock, clock.advance)
    assert [lent(pool) for _ in range(5)] == ["a", "b", "c", "c", "c"]
    assert clock.monotonic_ns() == 0
    resting = TakingTurns([with_totp("a"), with_totp("b")], clock, clock.advance)
    assert lent(resting) == "a"
    clock.advance(10.0)
    assert [lent(resting), lent(resting)] == ["b", "a"]
    assert clock.monotonic_ns() == REST_WITH_TOTP_S * 1e9


def test_a_player_comes_back_whatever_became_of_its_run() -> None:
    """A run that raises must not cost the pool a player."""
    pool = TakingTurns([PlayerPlan("a", "all", {}, {})], VirtualClock())
    with pytest.raises(RuntimeError), pool.lease():
        raise RuntimeError
    assert lent(pool) == "a"


def test_a_scenario_that_is_played_again_pays_again(synthetic_cells_file: Path) -> None:
    """Two plays of one row in a session, as of a test that is run again, are two runs; a given number is that run again."""
    platform = load_platform(shipped_root() / "fixtures" / "platforms" / "reference.yaml")
    path = shipped_root() / "scenarios" / "negative" / "wallet_tampered_signature.yaml"
    plan = load_scenario(path, platform)
    cell = load_cells(synthetic_cells_file)["canary"]
    seed, events = fresh_seed(), list[Event]()
    session = BlockingSession(cell, seed=seed, journal=MemoryJournal())
    try:
        ends = [session.play(plan, {}, sink=events.append) for _ in range(2)]
        again = session.play(plan, {}, number=0, sink=events.append)
    finally:
        session.close()
    assert [end.outcome for end in ends] == [RunOutcome.OK] * 2
    first, second, repeated = [event.run_id for event in events if isinstance(event, RunStarted)]
    assert (first != second, repeated) == (True, first)
    assert again.run_id == first
