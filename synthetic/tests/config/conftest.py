"""The reference mapping and cells, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.shipped import shipped_root
from synthetic.core.plan import CellPlan, PlatformPlan


@pytest.fixture(scope="session")
def root() -> Path:
    """Where the shipped content is."""
    return shipped_root()


@pytest.fixture(scope="session")
def reference(root: Path) -> PlatformPlan:
    """The reference platform's mapping."""
    return load_platform(root / "fixtures/platforms/reference.yaml")


@pytest.fixture(scope="session")
def cells(root: Path) -> dict[str, CellPlan]:
    """The reference cells."""
    return load_cells(root / "fixtures/cells/reference.yaml")
