"""The fixtures: where the scenarios are played, and the session that plays them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.names import pick
from synthetic.journal.sqlite import SqliteJournal
from synthetic.pytest_plugin.options import OPTIONS
from synthetic.runner.blocking import BlockingSession


@pytest.fixture(scope="session")
def synthetic_cells_file(pytestconfig: pytest.Config) -> Path:
    """The cells file of `--synthetic-cells`. Override it to start a platform of your own."""
    given = pytestconfig.stash[OPTIONS].cells_file
    if given is None:
        raise pytest.UsageError(
            "scenarios need a platform: give --synthetic-cells FILE, or override synthetic_cells_file"
        )
    return given


@pytest.fixture(scope="session")
def synthetic_session(
    synthetic_cells_file: Path, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BlockingSession]:
    """The session on the chosen cell; its journal outlives the tests in pytest's temporary folder."""
    options = pytestconfig.stash[OPTIONS]
    cells = load_cells(synthetic_cells_file)
    cell = pick(cells, options.cell, "cell") if options.cell else next(iter(cells.values()))
    journal = SqliteJournal(tmp_path_factory.mktemp("synthetic") / "journal.db")
    share = _share(pytestconfig)
    session = BlockingSession(cell, seed=options.seed, journal=journal, share=share)
    yield session
    session.close()
    journal.close()


def _share(config: pytest.Config) -> tuple[int, int]:
    """Which part of the players belongs to this xdist worker, where all workers share one platform."""
    if config.stash[OPTIONS].cells_file is None:
        return (0, 1)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return (int(worker), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
