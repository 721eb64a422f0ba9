"""Which cell a test run plays on."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from synthetic.core.expressions import did_you_mean
from synthetic.core.plan import CellPlan


def chosen_cell(cells: Mapping[str, CellPlan], name: str) -> CellPlan:
    """The named cell, or the first one. Raises pytest.UsageError for an unknown name."""
    if not name:
        return next(iter(cells.values()))
    if name not in cells:
        raise pytest.UsageError(f"no cell {name!r}; {did_you_mean(name, list(cells))}")
    return cells[name]
