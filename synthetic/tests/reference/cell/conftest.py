"""A running cell for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.tests.reference.cell.running import RunningCell, running_cell


@pytest.fixture
def cell(tmp_path: Path) -> Iterator[RunningCell]:
    with running_cell(tmp_path) as running:
        yield running
