"""A small fast server in a process of its own, for benchmarks: it plays `bench/journey.yaml` and tells the truth about its delays.

`with bench_server(delay_ms=(50, 120), core=1) as server:` gives `server.url`, `server.cells_file` and `server.stats()`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.server.cells import TRACKS, write_cells
from synthetic.cli.platform_process import end_process
from synthetic.core.errors import HarnessError

TRUE_DELAY = "x-true-delay-ns"
"""The header of each answer that says how long the server kept its request, in nanoseconds: from the kernel's stamp to the send."""

ANSWER = "x-answer"
"""The header with the number of an answer: by it the server says which of them it can't vouch for."""

UP_WITHIN_S = 30.0
PLAYERS = 800


def truth_of(headers: Mapping[str, str]) -> tuple[int, int]:
    """What an answer says of itself: how long it was kept, in nanoseconds, and its number. `headers`: a client's, of any kind."""
    return int(headers[TRUE_DELAY]), int(headers[ANSWER])


@dataclass(frozen=True, slots=True)
class Stats:
    """What a server says of itself.

    `sends_us`: how long the sends of its last answers took, sorted, in microseconds: an answer is on its way within so much of the
    end of the delay that it tells. `doubtful`: the numbers of the last answers whose sends were interrupted. `cpu_s`: the CPU that
    its process has used.
    """

    answered: int
    cpu_s: float
    sends_us: tuple[float, ...]
    doubtful: frozenset[int]


@dataclass(frozen=True, slots=True)
class BenchServer:
    """A server that runs: where it listens, and its cells file."""

    process: subprocess.Popen[bytes]
    port: int
    cells_file: Path

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    def stats(self) -> Stats:
        """Ask it. The question itself is not counted."""
        told = httpx.get(f"{self.url}/bench/stats", timeout=UP_WITHIN_S, trust_env=False).json()
        return Stats(told["answered"], told["cpu_s"], tuple(told["sends_us"]), frozenset(told["doubtful"]))


@contextmanager
def bench_server(
    *,
    delay_ms: float | Sequence[float] = 0.0,
    core: int | None = None,
    players: int = PLAYERS,
    tracks: Sequence[str] = TRACKS,
) -> Iterator[BenchServer]:
    """Start a server; it listens when this yields, and ends with the block. Raises HarnessError where it does not come up.

    `delay_ms`: how long it keeps each request, or several times that take turns; `core`: the one that it is pinned to;
    `players`: of each of the cells in `tracks`, which are all this one server.
    """
    delays = [delay_ms] if isinstance(delay_ms, int | float) else list(delay_ms)
    command = [sys.executable, "-m", "bench.server", "--players", str(players)]
    command += ["--delay-ms", ",".join(f"{delay:g}" for delay in delays), "--exit-with-parent", str(os.getpid())]
    command += [] if core is None else ["--core", str(core)]
    with tempfile.TemporaryDirectory(prefix="synthetic-bench-server-") as name:
        folder = Path(name)
        log = folder / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)  # noqa: S603 - our own module
        try:
            chosen = _awaited_port(process, log)
            yield BenchServer(process, chosen, write_cells(folder, chosen, players, tracks))
        finally:
            end_process(process)


def _awaited_port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline_s = time.monotonic() + UP_WITHIN_S
    while not (written := log.read_text()).endswith("\n") or not written.split()[0].isdigit():
        if process.poll() is not None or time.monotonic() > deadline_s:
            raise HarnessError(f"the benchmarks' server did not come up: {written[-500:]}")
        time.sleep(0.02)
    return int(written.split()[0])
