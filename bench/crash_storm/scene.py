"""Where the storm happens: a platform in its own process, a journal, and a serve file with dense probes on all cells."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from synthetic.cli.platform_process import reference_platform
from synthetic.config.shipped import shipped_root

LEASE_S, LATE_AFTER_S, EVERY_S = 5, 6, 4
SERVE = """
serve: storm
cells: {cells}
scenarios: [{scenarios}]
platforms: [platforms]
database: file:database
listen: 127.0.0.1:{port}
audit: audit
probes:
  - {{scenarios: [deposit-bet-withdraw], cells: {names}, alone: true, every: {every}s, jitter: {jitter}s, deadline: 30s}}
budgets:
  EUR: {{run: 20.00 EUR, account_day: 100000.00 EUR, day: 1000000.00 EUR, outstanding: 10000.00 EUR}}
policies:
  - {{market: "*", withdraw: approved, instrument: real, approval: {{reference: the reference platform pays with play money}}}}
limits: {{lease: {lease}s, at_once: 200}}
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """`folder` is the workers' own, `platform` where the platform keeps its databases, `database` the journal's address."""

    folder: Path
    platform: Path
    cells_file: Path
    database: str

    def serve_file(self, port: int) -> Path:
        """A serve file of a worker that listens on this port; all of them share everything else."""
        path = self.folder / f"serve-{port}.yaml"
        names = list(cells_of(self.cells_file))
        text = SERVE.format(
            cells=self.cells_file,
            scenarios=shipped_root() / "scenarios" / "cashier",
            port=port,
            names=f"[{', '.join(names)}]",
            every=EVERY_S,
            jitter=EVERY_S - 1,
            lease=LEASE_S,
        )
        path.write_text(text, encoding="utf-8")
        return path


@contextmanager
def scene(database: str, *, cells: int, seed: int, folder: Path) -> Iterator[Scene]:
    """Start the platform, and write what the workers need."""
    _write_mapping(folder / "platforms")
    (folder / "database").write_text(database, encoding="utf-8")
    with (
        tempfile.TemporaryDirectory(prefix="storm-platform-") as own,
        _temporary_files_in(own),
        reference_platform(cells=cells, seed=seed) as cells_file,
    ):
        yield Scene(folder, Path(own), cells_file, database)


def cells_of(cells_file: Path) -> Mapping[str, Mapping[str, object]]:
    """The cells of a running platform, as its file describes them."""
    cells: Mapping[str, Mapping[str, object]] = yaml.safe_load(cells_file.read_text(encoding="utf-8"))["cells"]
    return cells


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _write_mapping(folder: Path) -> None:
    """The shipped mapping; only that a request never arrives later than some seconds after it left, as on a loopback."""
    shutil.copytree(shipped_root() / "fixtures" / "platforms", folder)
    path = folder / "reference.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\ndefaults:\n", f"\ndefaults:\n  late_after: {LATE_AFTER_S}s\n", 1), encoding="utf-8")


@contextmanager
def _temporary_files_in(folder: str) -> Iterator[None]:
    """Processes that start meanwhile keep their temporary files there: so the platform's databases can be found."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = folder
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
