"""The hook and the fixtures that pytest sees; what they need is imported when they are used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from synthetic.pytest_plugin.options import OPTIONS

if TYPE_CHECKING:
    from synthetic.runner.blocking import BlockingSession


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the YAML files of the scenario folders."""
    folders = parent.config.stash[OPTIONS].scenarios
    if file_path.suffix not in (".yaml", ".yml") or not any(file_path.is_relative_to(folder) for folder in folders):
        return None
    from synthetic.pytest_plugin.collect import ScenarioFile  # noqa: PLC0415 - see the package's docstring

    return ScenarioFile.from_parent(parent, path=file_path)


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
    from synthetic.pytest_plugin.session import open_session  # noqa: PLC0415 - see the package's docstring

    with open_session(synthetic_cells_file, pytestconfig, tmp_path_factory.mktemp("synthetic")) as session:
        yield session
