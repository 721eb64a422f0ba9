"""The session that plays the scenarios of a test run on one cell."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from synthetic.config.cells import load_cells
from synthetic.journal.sqlite import SqliteJournal
from synthetic.pytest_plugin.cells import chosen_cell
from synthetic.pytest_plugin.options import OPTIONS
from synthetic.runner.blocking import BlockingSession


@contextmanager
def open_session(cells_file: Path, config: pytest.Config, folder: Path) -> Iterator[BlockingSession]:
    """A session with its journal in `folder`."""
    options = config.stash[OPTIONS]
    cell = chosen_cell(load_cells(cells_file), options.cell)
    with closing(SqliteJournal(folder / "journal.db")) as journal:
        session = BlockingSession(cell, seed=options.seed, journal=journal, share=_share(config))
        with closing(session):
            yield session


def _share(config: pytest.Config) -> tuple[int, int]:
    """Which part of the players belongs to this xdist worker, where all workers share one platform."""
    if config.stash[OPTIONS].cells_file is None:
        return (0, 1)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return (int(worker), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
