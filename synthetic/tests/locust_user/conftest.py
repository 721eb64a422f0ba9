"""The reference platform in a process of its own, with players for a load."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.cli.platform_process import reference_platform


@pytest.fixture(scope="module")
def cells() -> Iterator[Path]:
    """Its cells file."""
    with reference_platform(cells=1, players=24) as path:
        yield path
