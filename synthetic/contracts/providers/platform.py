"""The reference platform as the harness asks it (`synthetic.contracts.runner.asking`)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from synthetic.config.cells import load_cells
from synthetic.contracts.boundaries.runner_platform import SOURCE
from synthetic.contracts.errors import ContractError
from synthetic.contracts.providers.provider import Provider, needed
from synthetic.contracts.runner.asking import target_of
from synthetic.contracts.verifying import Target
from synthetic.core.errors import SyntheticError
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.reference.world.world import WorldSettings

CELLS_VARIABLE = "SYNTHETIC_CELLS"
CELL_VARIABLE = "SYNTHETIC_CELL"


@contextmanager
def serving() -> Iterator[Target]:
    """A reference cell with everything around it."""
    with tempfile.TemporaryDirectory(prefix="synthetic-") as folder, world_in_a_thread(WorldSettings(cells=1)) as world:
        file = Path(folder) / "cells.yaml"
        world.write_cells(file)
        yield target_of(SOURCE, load_cells(file)["canary"], "reference")


def at(url: str, environment: Mapping[str, str]) -> Target:
    """A reference platform that somebody runs: its cells file says who plays. Raises ContractError where that can't be read."""
    file = Path(needed(environment, CELLS_VARIABLE, "the cells file of the platform, with its players"))
    name = needed(environment, CELL_VARIABLE, "the cell in it that is verified")
    try:
        cells = load_cells(file)
    except SyntheticError as error:
        raise ContractError(str(error)) from None
    if name not in cells:
        raise ContractError(f"{CELL_VARIABLE}={name}: {file} has the cells {', '.join(sorted(cells))}")
    cell = cells[name]
    own = dict.fromkeys(SOURCE.examples.endpoints, url)
    return target_of(SOURCE, replace(cell, endpoints={**cell.endpoints, **own}), cell.version)


PLATFORM = Provider("platform", serving, at)
