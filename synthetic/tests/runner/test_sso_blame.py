"""Single sign-on has two parties that can fail: whom a red sign-in is blamed on, and that a healthy one survives new keys."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import count

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario, matrix_rows
from synthetic.config.shipped import shipped_root
from synthetic.core.checks import CHECKS
from synthetic.core.events import Event, ExchangeDone, RunEnded
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.core.plan import ScenarioPlan
from synthetic.journal.memory import MemoryJournal
from synthetic.reference.switchboard import Switch
from synthetic.reference.world import World, WorldSettings
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.runner.blocking import BlockingSession
from synthetic.runner.identity import fresh_seed

NUMBERS = count(1)


@cache
def scenario(path: str) -> ScenarioPlan:
    """A shipped scenario."""
    platform = load_platform(shipped_root() / "fixtures" / "platforms" / "reference.yaml")
    return load_scenario(shipped_root() / "scenarios" / path, platform, known_checks=frozenset(CHECKS))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, BlockingSession]]:
    with world_in_a_thread(WorldSettings(seed=5)) as world:
        path = tmp_path_factory.mktemp("world") / "cells.yaml"
        world.write_cells(path)
        session = BlockingSession(load_cells(path)["canary"], seed=fresh_seed(), journal=MemoryJournal())
        yield world, session
        session.close()


@pytest.fixture
def running(served: tuple[World, BlockingSession]) -> Iterator[tuple[World, BlockingSession]]:
    """The world with no switch thrown."""
    yield served
    for board in served[0].boards.values():
        board.clear()


def play(session: BlockingSession, path: str = "auth/sso_login.yaml") -> tuple[RunEnded, list[Event]]:
    """Play a scenario; how it ended, and what it showed."""
    events: list[Event] = []
    plan = scenario(path)
    row = matrix_rows(plan, session.cell)[0]
    return session.play(plan, row, number=next(NUMBERS), sink=events.append), events


@pytest.mark.parametrize("kept", [16, 0])
def test_a_healthy_sign_in_survives_a_rotation_of_keys(running: tuple[World, BlockingSession], kept: int) -> None:
    """In the middle of every sign-in, with overlap and without."""
    world, session = running
    world.boards["idp"].throw(Switch("rotates_jwks", params={"kept": kept}))
    assert [play(session)[0].outcome for _ in range(2)] == [RunOutcome.OK] * 2


@pytest.mark.parametrize(
    ("switch", "blame", "because"),
    [
        ("idp_down", Blame.PROVIDER, "the identity provider did not sign the player in"),
        ("answers_wrong_state", Blame.PROVIDER, "the identity provider did not sign the player in"),
        ("token_endpoint_down", Blame.PROVIDER, "the identity provider does not answer"),
        ("signs_with_unpublished_key", Blame.PROVIDER, "a key that it does not publish"),
        ("answers_wrong_nonce", Blame.UNKNOWN, "only the platform has seen the id token"),
        ("answers_wrong_audience", Blame.UNKNOWN, "only the platform has seen the id token"),
        ("answers_expired_token", Blame.UNKNOWN, "only the platform has seen the id token"),
    ],
)
def test_what_the_provider_does_wrong_is_not_the_platform_s(
    running: tuple[World, BlockingSession], switch: str, blame: Blame, because: str
) -> None:
    """It is the provider's where the evidence shows that, and nobody's where only the platform could tell."""
    world, session = running
    world.boards["idp"].throw(Switch(switch))
    ended, _ = play(session)
    assert (ended.outcome, ended.failed_step, ended.blame) == (RunOutcome.FAILED, "login", blame), ended
    assert because in ended.reason


def test_a_cell_that_does_not_follow_a_rotation_is_to_blame(running: tuple[World, BlockingSession]) -> None:
    """We read the provider's keys ourselves: the one that the cell does not find is there."""
    world, session = running
    world.boards["canary"].throw(Switch("caches_jwks_for_ever"))
    assert play(session)[0].outcome is RunOutcome.OK
    world.boards["idp"].throw(Switch("rotates_jwks"))
    ended, _ = play(session)
    assert (ended.outcome, ended.blame) == (RunOutcome.FAILED, Blame.PLATFORM)
    assert "publishes the key" in ended.reason


def test_every_redirect_is_seen_and_no_code_is_shown(running: tuple[World, BlockingSession]) -> None:
    """Five exchanges of one step, at two hosts; what signs a player in is masked wherever it stands."""
    world, session = running
    ended, events = play(session)
    assert ended.outcome is RunOutcome.OK
    seen = [event for event in events if isinstance(event, ExchangeDone) and event.step == "login"]
    assert [event.answer_status for event in seen] == [302, 200, 302, 200, 200]
    assert seen[1].request_line.startswith(f"GET {world.listeners['idp'].url}/authorize?")
    assert "code=***" in dict(seen[2].answer_headers)["location"]
    assert "code=***" in seen[4].request_line
    assert "password=***" in seen[2].request_body
