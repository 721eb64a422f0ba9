"""The plugin's command line and ini options, and what it keeps of them for the session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from synthetic.runner.identity import fresh_seed

SEED_FROM_CONTROLLER = "synthetic_seed"


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. `matrix_cells`: the file whose cell tells the rows at collection, before any cell is up."""

    cells_file: Path | None
    cell: str
    matrix_cells: Path | None
    platforms: tuple[Path, ...]
    scenarios: tuple[Path, ...]
    seed: int


OPTIONS = pytest.StashKey[Options]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("synthetic", "scenarios of money flows")
    group.addoption("--synthetic-cells", metavar="FILE", help="the cells file: where the scenarios are played")
    group.addoption("--synthetic-cell", metavar="NAME", default="", help="the cell to play on (default: the first one)")
    group.addoption(
        "--synthetic-seed", metavar="N", type=int, help="the seed of all run ids and keys (default: a fresh one)"
    )
    parser.addini("synthetic_scenarios", "folders whose YAML files are scenarios", type="paths", default=["scenarios"])
    parser.addini(
        "synthetic_platforms",
        "folders with platform mappings",
        type="paths",
        default=["platforms", "fixtures/platforms"],
    )
    parser.addini(
        "synthetic_matrix_cells", "a cells file that tells the matrix rows at collection", type="paths", default=[]
    )


def pytest_configure(config: pytest.Config) -> None:
    """Read the options; with xdist every worker takes the controller's seed, so that one number replays them all."""
    config.addinivalue_line("markers", "synthetic: a scenario played on a cell; its tags are marks, too")
    given = config.getoption("--synthetic-seed")
    inherited = getattr(config, "workerinput", {}).get(SEED_FROM_CONTROLLER)
    cells = config.getoption("--synthetic-cells")
    matrix = config.getini("synthetic_matrix_cells")
    config.stash[OPTIONS] = Options(
        cells_file=Path(cells) if cells else None,
        cell=config.getoption("--synthetic-cell"),
        matrix_cells=Path(cells) if cells else (matrix[0] if matrix else None),
        platforms=_folders(config, "synthetic_platforms"),
        scenarios=_folders(config, "synthetic_scenarios"),
        seed=given if given is not None else inherited or fresh_seed(),
    )
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(_SeedForWorkers(config.stash[OPTIONS].seed))


def _folders(config: pytest.Config, ini: str) -> tuple[Path, ...]:
    """Absolute paths; pytest resolves what stands in the ini file, but not the defaults."""
    return tuple(config.rootpath / folder for folder in config.getini(ini))


class _SeedForWorkers:
    """Hands the controller's seed to each xdist worker."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: object) -> None:
        node.workerinput[SEED_FROM_CONTROLLER] = self._seed  # type: ignore[attr-defined]


def pytest_report_header(config: pytest.Config) -> str:
    """Print the seed: with it the same run ids and keys come again."""
    return f"synthetic: --synthetic-seed={config.stash[OPTIONS].seed}"
