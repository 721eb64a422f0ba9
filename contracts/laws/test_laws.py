"""The laws of each boundary, tried on the reference platform by a fixed tour and by random plays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

from synthetic.contracts.laws.examining import check_laws, examine
from synthetic.contracts.laws.reference import (
    cashier_target,
    gateway_target,
    intents_target,
    notifications_target,
    wallet_target,
)
from synthetic.reference.world import World

pytestmark = pytest.mark.slow

TARGETS: dict[str, Callable[[World], Any]] = {
    "wallet-a": lambda world: wallet_target(world, "hub88"),
    "wallet-b": lambda world: wallet_target(world, "softswiss", number=2),
    "psp-a": intents_target,
    "psp-b": notifications_target,
    "cashier-a": cashier_target,
    "cashier-b": lambda world: cashier_target(world, psp="psp-b", number=7),
    "gateway": lambda world: gateway_target(world, number=4),
}

each_target = pytest.mark.parametrize("name", TARGETS)


@each_target
def test_the_tour_finds_no_broken_law(law_world: World, name: str) -> None:
    """Every rule once, and each law is judged."""
    examined = examine(TARGETS[name](law_world), examples=0)
    assert not examined.findings, examined.told()


@pytest.mark.slow
@each_target
def test_no_random_play_breaks_a_law(law_world: World, name: str, law_settings: settings) -> None:
    """Whatever the counterparty does, in whatever order."""
    target = TARGETS[name](law_world)
    with target.opened() as opened:
        check_laws(target, opened, within=law_settings)
