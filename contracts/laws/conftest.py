"""The reference world that the laws are tried on, and how much random play it is worth."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from synthetic.contracts.laws.profiles import EXAMPLES, laws_settings
from synthetic.reference.world import World, WorldSettings
from synthetic.reference.world.in_a_thread import world_in_a_thread


@pytest.fixture(scope="session")
def law_settings() -> settings:
    """Those of the Hypothesis profile of this run: `dev` where none is named."""
    profile = os.environ.get("HYPOTHESIS_PROFILE", "dev")
    if profile not in EXAMPLES:
        pytest.fail(f"HYPOTHESIS_PROFILE is {profile!r}, and it is one of {', '.join(EXAMPLES)}", pytrace=False)
    return laws_settings(profile)


@pytest.fixture(scope="session")
def law_world() -> Iterator[World]:
    """One cell with its PSPs and game providers, without a defect."""
    with world_in_a_thread(WorldSettings(cells=1)) as world:
        yield world
