"""The benchmark of the limit: its ratios are to raw sockets with as many connections, and a short one asks by every client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.line.__main__ import Asked, result_of

ROOT = Path(__file__).parents[2]


def test_ratios_are_to_raw_sockets_with_as_many_connections() -> None:
    """And a dash where those were not measured."""
    asked = [Asked("raw sockets", 1, 30.0, 1e4), Asked("httpx", 1, 600.0, 1e3), Asked("httpx", 10, 900.0, 1e3)]
    (grid,) = result_of(asked).grids
    assert [row[3] for row in grid.rows] == ["1.00x", "20.00x", "-"]


@pytest.mark.slow
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="the client and the server need a core each")
@pytest.mark.parametrize(
    "clients",
    [
        ("raw sockets", "our driver"),
        pytest.param(("aiohttp", "httpx over ours", "httpx"), marks=pytest.mark.exhaustive),
    ],
)
def test_a_short_one_asks_by_every_client(clients: tuple[str, ...], tmp_path: Path) -> None:
    """Each has sent something, and its CPU was counted."""
    command = [sys.executable, "-m", "bench.line", "--at-once", "2", "--seconds", "0.3", "--out", str(tmp_path)]
    command += [word for client in clients for word in ("--client", client)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=140, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    figures = json.loads((tmp_path / "line.json").read_text())["figures"]
    assert [name.partition(",")[0] for name in figures] == list(clients)
    assert all(told["cpu_us"] > 0 < told["per_s"] for told in figures.values())
