"""A PSP of each style, served once; each test is a new merchant of it, and starts with no switch thrown."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from synthetic.reference.psp.pace import Pace
from synthetic.tests.reference.psp.running import RunningPsp, ServedPsp, served_psp

FAST = Pace(capture_s=(0.01, 0.02), payout_leaves_s=0.03, payout_lands_s=0.01, payout_returns_s=0.02, hang_s=0.15)


@pytest.fixture(scope="session")
def served_intents() -> Iterator[ServedPsp]:
    with served_psp("intents", pace=FAST) as psp:
        yield psp


@pytest.fixture(scope="session")
def served_notifications() -> Iterator[ServedPsp]:
    with served_psp("notifications", pace=FAST) as psp:
        yield psp


@pytest.fixture
def intents(served_intents: ServedPsp) -> Iterator[RunningPsp]:
    """A style A PSP."""
    with served_intents.as_merchant(f"m-{uuid.uuid4().hex}") as psp:
        yield psp


@pytest.fixture
def notifications(served_notifications: ServedPsp) -> Iterator[RunningPsp]:
    """A style B PSP."""
    with served_notifications.as_merchant(f"m-{uuid.uuid4().hex}") as psp:
        yield psp
