"""`synthetic reference throw | reset`: a fault at one cell, one PSP, one market, at a rate, for a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.reference.world import World, WorldSettings
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.tests.cli.calling import call


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Path]]:
    """A world and its cells file."""
    with world_in_a_thread(WorldSettings(seed=3)) as world:
        path = tmp_path_factory.mktemp("world") / "cells.yaml"
        world.write_cells(path)
        yield world, path


def thrown(world: World, component: str) -> list[tuple[str, float, str | None, str | None]]:
    """What is thrown there: name, rate, cell and market."""
    return [(one.name, one.rate, one.cell, one.market) for one in world.boards[component].thrown()]


def test_a_fault_is_thrown_where_and_how_often_it_is_said(running: tuple[World, Path]) -> None:
    """The rate is the trigger's, the damage is always done where it is triggered; nothing else is touched, and all goes again."""
    world, cells = running
    where = ("--cells", str(cells), "--cell", "canary")
    options = ("--place", "psp-b", "--rate", "0.25", "--market", "MT", "--for", "60")
    answer = call("reference", "throw", "psp_timeout_second_capture", *where, *options)
    assert answer.code == 0
    assert answer.err.startswith(
        "thrown at canary with psp-b, rate 0.25, market MT, for 60 s: psp_timeout_second_capture"
    )
    assert thrown(world, "psp-b") == [("times_out_after_capture", 0.25, "canary", "MT")]
    assert thrown(world, "canary") == [("retries_under_new_key", 1.0, "canary", "MT")]
    assert thrown(world, "psp-a") == thrown(world, "baseline") == []
    answer = call("reference", "reset", "psp_timeout_second_capture", *where)
    told = "reset at canary with psp-a, psp-b, psp-c: psp_timeout_second_capture; it has acted 0 times\n"
    assert (answer.code, answer.err) == (0, told)
    assert thrown(world, "psp-b") == thrown(world, "canary") == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("harness_bets_twice",), "try `synthetic demo --fault harness_bets_twice`"),
        (("stale_balance_cach",), "did you mean 'stale_balance_cache'?"),
        (("stale_balance_cache", "--cell", "canarry"), "did you mean 'canary'?"),
        (("webhook_never_comes", "--place", "psp-z"), "there is no place of webhook_never_comes: 'psp-z'"),
        (("rollback_lost", "--place", "psp-a"), "'psp-a'"),
        (("stale_balance_cache", "--place", "psp-a"), "'psp-a'"),
        (("stale_balance_cache", "--rate", "2"), "less than or equal to 1"),
    ],
)
def test_what_can_not_be_thrown_is_refused(running: tuple[World, Path], arguments: tuple[str, ...], told: str) -> None:
    """Exit 2, and what to do instead."""
    answer = call("reference", "throw", *arguments, "--cells", str(running[1]))
    assert answer.code == 2
    assert told in answer.err


def test_a_platform_that_is_down_is_unreachable(running: tuple[World, Path], tmp_path: Path) -> None:
    """Exit 3."""
    down = tmp_path / "cells.yaml"
    down.write_text("""
allow: ["127.0.0.1:*"]
cells:
  canary: {environment: e, brand: b, market: MT, track: baseline, version: "1", currency: EUR, platform: p,
    endpoints: {api: "http://127.0.0.1:9"}}
""")
    answer = call("reference", "throw", "stale_balance_cache", "--cells", str(down))
    assert answer.code == 3
    assert "is the platform up?" in answer.err
