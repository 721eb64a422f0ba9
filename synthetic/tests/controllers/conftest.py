"""One scripted gate for all tests of the controllers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from synthetic.tests.controllers.scripted import ScriptedGate, scripted_gate


@pytest.fixture(scope="package")
def served_gate() -> Iterator[ScriptedGate]:
    """Served once: starting and stopping it takes longer than a test."""
    with scripted_gate() as gate:
        yield gate


@pytest.fixture
def gate(served_gate: ScriptedGate) -> ScriptedGate:
    """It has heard nothing yet and answers 404."""
    served_gate.script()
    return served_gate
