"""A harness is proven by the bugs it catches: every fault and defect by its named check, the clean platform by none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario, matrix_rows
from synthetic.config.shipped import shipped_root
from synthetic.core.checks import CHECKS
from synthetic.core.events import CheckJudged, Event, RunEnded
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.core.plan import PlatformPlan, ScenarioPlan
from synthetic.journal.memory import MemoryJournal
from synthetic.reference.catalogue import Fault
from synthetic.reference.defects import DEFECTS
from synthetic.reference.faults import FAULTS
from synthetic.reference.world import World, WorldSettings
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.runner.blocking import BlockingSession
from synthetic.runner.identity import fresh_seed

PLANTED = {name: fault for name, fault in {**FAULTS, **DEFECTS}.items() if not fault.provoke}


@cache
def platform() -> PlatformPlan:
    """The reference platform's mapping."""
    return load_platform(shipped_root() / "fixtures" / "platforms" / "reference.yaml")


@cache
def scenarios() -> Mapping[str, ScenarioPlan]:
    """The shipped scenarios by name."""
    files = sorted((shipped_root() / "scenarios").rglob("*.yaml"))
    plans = [load_scenario(file, platform(), known_checks=frozenset(CHECKS)) for file in files]
    return {plan.name: plan for plan in plans}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, BlockingSession]]:
    """A world, and a session on its canary."""
    with playing_on_canary(tmp_path_factory) as playing:
        yield playing


@pytest.fixture(scope="module")
def clean_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, BlockingSession]]:
    """One in which nothing was ever broken: what a fault has set going may still arrive when its switch is reset."""
    with playing_on_canary(tmp_path_factory) as playing:
        yield playing


@contextmanager
def playing_on_canary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, BlockingSession]]:
    """A world, and a session on its canary."""
    with world_in_a_thread(WorldSettings(seed=7)) as running:
        path = tmp_path_factory.mktemp("world") / "cells.yaml"
        running.write_cells(path)
        session = BlockingSession(load_cells(path)["canary"], seed=fresh_seed(), journal=MemoryJournal())
        yield running, session
        session.close()


@pytest.fixture
def mended(world: tuple[World, BlockingSession]) -> Iterator[tuple[World, BlockingSession]]:
    """The same, with every switch reset after the test."""
    yield world
    for board in world[0].boards.values():
        board.clear()


def play(session: BlockingSession, plan: ScenarioPlan, number: int) -> tuple[RunEnded, set[str]]:
    """Play the first row of a scenario; how it ended, and which checks were broken."""
    row = matrix_rows(plan, session.cell)[0]
    events: list[Event] = []
    ended = session.play(plan, row, number=number, sink=events.append)
    return ended, {event.name for event in events if isinstance(event, CheckJudged) and event.held is False}


# One of each kind of blame and of proof stays in the default suite; CI plays them all.
QUICK = frozenset(
    (
        "duplicate_webhook_credits_twice late_webhook_dropped bin_declined wrong_amount_captured bet_retry_debits_twice "
        "provider_drifts_stakes websocket_half_open jwks_rotation_not_published rate_limit_hits_us test_card_exhausted"
    ).split()
)


def turn_of(planted: Fault) -> int:
    """A number of its own for each, so that no two runs of this session share their keys."""
    return sorted(PLANTED).index(planted.name) + 1


@pytest.mark.parametrize(
    "planted",
    [pytest.param(one, marks=[] if one.name in QUICK else [pytest.mark.slow]) for one in PLANTED.values()],
    ids=lambda planted: planted.name,
)
def test_each_fault_and_defect_is_caught_and_blamed(mended: tuple[World, BlockingSession], planted: Fault) -> None:
    """The scenario that it is meant for turns red, by the named check or step, and the blame is right."""
    running, session = mended
    running.throw(planted, "canary")
    ended, broken = play(session, scenarios()[planted.scenario], turn_of(planted))
    assert ended.outcome is (RunOutcome.ABORTED if planted.blame == "harness" else RunOutcome.FAILED), ended
    if planted.caught_by.startswith("step:"):
        assert ended.failed_step == planted.caught_by.removeprefix("step:")
        assert broken == set()
    else:
        assert planted.caught_by in broken, ended
    assert ended.blame == planted.blame, ended.reason


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({planted.scenario for planted in PLANTED.values()}))
def test_the_clean_platform_is_caught_by_none(clean_world: tuple[World, BlockingSession], name: str) -> None:
    """The same scenarios are green where nothing is planted."""
    ended, broken = play(clean_world[1], scenarios()[name], 0)
    assert (ended.outcome, ended.reason, broken) == (RunOutcome.OK, "", set())


def test_a_float_that_is_used_up_is_our_own_neglect(mended: tuple[World, BlockingSession], tmp_path: Path) -> None:
    """Fault 34: the bet is refused for want of money, and the balance that was read before says that this is true."""
    text = (shipped_root() / "scenarios" / "rounds" / "steady_round.yaml").read_text(encoding="utf-8")
    scenario = tmp_path / "steady_round.yaml"
    scenario.write_text(text.replace("pool:standard", "pool:exhausted"), encoding="utf-8")
    plan = load_scenario(scenario, platform(), known_checks=frozenset(CHECKS))
    ended, broken = play(mended[1], plan, len(PLANTED) + 1)  # a number that no other run of this scenario has
    assert (ended.outcome, ended.blame, broken) == (RunOutcome.ABORTED, Blame.HARNESS, set())
    assert "the float of the synthetic player is used up" in ended.reason


def test_what_is_quick_is_in_the_catalogue() -> None:
    """A renamed fault must not leave the fast suite unseen."""
    assert set(PLANTED) >= QUICK
