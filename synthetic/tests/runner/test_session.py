"""Sessions: the runs of a pair start in the same instant, and a run that can't be played is told of."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.config.shipped import shipped_root
from synthetic.core.events import Event, RunEnded, RunStarted
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.core.plan import CellPlan, ScenarioPlan
from synthetic.gate.gathering import gather
from synthetic.gate.observing import observe
from synthetic.gate.policy import Policy
from synthetic.journal.memory import MemoryJournal
from synthetic.runner.identity import fresh_seed
from synthetic.runner.session import Session
from synthetic.runner.turns import paired_turns


@pytest.fixture(scope="module")
def plan() -> ScenarioPlan:
    """A short scenario without money."""
    platform = load_platform(shipped_root() / "fixtures" / "platforms" / "reference.yaml")
    return load_scenario(shipped_root() / "scenarios" / "negative" / "wallet_tampered_signature.yaml", platform)


@pytest.fixture(scope="module")
def cells(synthetic_cells_file: Path) -> tuple[CellPlan, CellPlan]:
    """Canary and baseline of a running platform."""
    loaded = load_cells(synthetic_cells_file)
    return loaded["canary"], loaded["baseline"]


def played(plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan], pairs: int) -> tuple[list[RunEnded], list[Event]]:
    """Play pairs of the scenario."""
    events: list[Event] = []
    seed = fresh_seed()
    turns = paired_turns([{"reference": plan}], *cells, seed=seed, repeat=pairs)

    async def play() -> list[RunEnded]:
        async with Session(cells, seed=seed, sink=events.append, journal=MemoryJournal()) as session:
            return await session.play_all(turns, at_once=2)

    return asyncio.run(play()), events


def test_the_runs_of_a_pair_start_in_the_same_instant(plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan]) -> None:
    """The baseline has one player only: each canary run waits for its partner's player, and they start together."""
    canary, baseline = cells
    pool = next(player for player in baseline.players if player.pool == "standard")
    ended, events = played(plan, (canary, replace(baseline, players=(pool,))), pairs=3)
    assert {run.outcome for run in ended} == {RunOutcome.OK}
    starts: dict[str, list[int]] = {}
    for event in events:
        if isinstance(event, RunStarted):
            starts.setdefault(event.pair, []).append(event.at_ns)
    assert len(starts) == 3
    assert all(len(pair) == 2 and abs(pair[0] - pair[1]) < 500_000_000 for pair in starts.values())


def test_a_run_that_can_not_be_played_is_told_and_spoils_its_pair(
    plan: ScenarioPlan, cells: tuple[CellPlan, CellPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No player on the baseline: both runs end aborted by our own fault, and the gate counts the pair as missing."""
    monkeypatch.setattr("synthetic.runner.session.LEASE_WAIT_S", 0.1)
    canary, baseline = cells
    ended, events = played(plan, (canary, replace(baseline, players=())), pairs=1)
    assert [(run.outcome, run.blame) for run in ended] == [(RunOutcome.ABORTED, Blame.HARNESS)] * 2
    seen = observe(events)
    now_ns = max(one.started_ns + one.duration_ns for one in seen)
    gathered = gather(Policy(()), seen, cell="canary", baseline="baseline", since_ns=0, now_ns=now_ns)
    assert gathered.missing_pairs == 1
