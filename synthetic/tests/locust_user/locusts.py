"""Locust in a process of its own, as a load engineer starts it: it patches the standard library, so it can't be in ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from synthetic.config.shipped import shipped_root
from synthetic.tests.drivers.servers import free_port

ROOT = shipped_root()
LOCUSTFILE = ROOT / "load" / "locustfile.py"
SHAPES = ROOT / "load" / "shapes"
LENIENT = """
slo: lenient
objectives:
  - {name: runs_good, sli: run, at_least: 90 %, margin: 20 %}
"""
WITHIN_S = 140


@dataclass(frozen=True)
class Ended:
    """How a load test ended, and what it said."""

    code: int
    out: str

    @property
    def lagged(self) -> bool:
        """Whether this machine was too busy for the load generator to say anything."""
        return "the load generator lags" in self.out


def started(
    folder: Path, cells: Path, *arguments: str, files: tuple[Path, ...] = (LOCUSTFILE,), slo: str = LENIENT
) -> subprocess.Popen[str]:
    """Start it headless, with its journal in the folder, as a terminal does: in a process group of its own."""
    (folder / "slo.yaml").write_text(slo, encoding="utf-8")
    command = [sys.executable, "-m", "locust", "--headless", "--only-summary", "-f", ",".join(map(str, files))]
    command += ["--cells", str(cells), "--slo", str(folder / "slo.yaml"), "--journal", str(folder / "load.db")]
    if "--processes" in arguments:  # several masters on one machine, as tests are, need a port each
        port = str(free_port())
        command += ["--master-bind-port", port, "--master-port", port]
    return subprocess.Popen(
        [*command, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait until it is over; it is killed, with its workers, where that takes too long."""
    try:
        out, _ = process.communicate(timeout=WITHIN_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return Ended(process.returncode, out)


def locust(
    folder: Path, cells: Path, *arguments: str, files: tuple[Path, ...] = (LOCUSTFILE,), slo: str = LENIENT
) -> Ended:
    """Run it headless to its end."""
    return ended(started(folder, cells, *arguments, files=files, slo=slo))
