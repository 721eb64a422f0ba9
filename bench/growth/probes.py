"""So many configured probes: one `synthetic serve` plays the journey at the same rate, however many probes share it."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench.machine import two_cores
from bench.schedule.measuring import sample
from bench.served import Served, served
from bench.server.starting import BenchServer, bench_server

CALLS = 8
PLAYERS = 400
ROWS_MAX = 1000  # of one scenario's matrix
SETTLE_S = 5.0
UP_WITHIN_S = 300.0
JITTER_SHARE = 0.98  # of the interval: so the slots are spread over all of it
SERVING = """\
serve: bench
cells: {cells}
platforms: [{platforms}]
scenarios: [scenarios]
database: runner.db
listen: 127.0.0.1:0
probes:
  - {{tags: [growth], cells: [canary], alone: true, every: {every:g}s, jitter: {jitter:g}s, deadline: 30s}}
limits: {{series: 1000000, lease: 30s}}
"""
_MATRIX = "matrix: {psp: [psp-a]}"


@dataclass(frozen=True, slots=True)
class Configured:
    """What a service with so many probes costs: CPU milliseconds of one journey (all threads), memory in MiB, and its start."""

    probes: int
    journeys: float
    missed: dict[str, int]
    cpu_ms: float
    rss_mib: float
    core_share: float
    start_s: float
    metrics_kib: float


def measured(probes: int, rate: float, for_s: float) -> Configured:
    """Let one worker play so many probes, `rate` runs a second all in all."""
    ours, theirs = two_cores()
    with (
        TemporaryDirectory(prefix="synthetic-growth-") as name,
        bench_server(core=theirs, players=PLAYERS, tracks=("canary",)) as server,
    ):
        serving = write_project(Path(name), server, probes, probes / rate)
        began_s = time.monotonic()
        with served(serving, "bench", core=ours, up_within_s=UP_WITHIN_S) as one:
            start_s = time.monotonic() - began_s
            time.sleep(SETTLE_S)
            return _watched(one, server, probes, for_s, start_s)


def write_project(folder: Path, server: BenchServer, probes: int, every_s: float) -> Path:
    """Write what `synthetic serve` needs: the journey under as many names as rows of a matrix make. Answers the serve file."""
    (folder / "scenarios").mkdir()
    text = (Path(__file__).parents[1] / "journey.yaml").read_text(encoding="utf-8")
    assert _MATRIX in text
    for index, first in enumerate(range(0, probes, ROWS_MAX)):
        numbers = ", ".join(f'"{number}"' for number in range(first, min(first + ROWS_MAX, probes)))
        matrix = f"tags: [growth]\nmatrix: {{psp: [psp-a], number: [{numbers}]}}"
        named = re.sub(r"(?m)^scenario: .*$", f"scenario: growth-{index}", text).replace(_MATRIX, matrix)
        (folder / "scenarios" / f"growth_{index}.yaml").write_text(named, encoding="utf-8")
    serving = folder / "runner.yaml"
    platforms = server.cells_file.parent / "platforms"
    serving.write_text(
        SERVING.format(cells=server.cells_file, platforms=platforms, every=every_s, jitter=every_s * JITTER_SHARE),
        encoding="utf-8",
    )
    return serving


def _watched(one: Served, server: BenchServer, probes: int, for_s: float, start_s: float) -> Configured:
    before, answered, since_ns = sample(one.process.pid), server.stats().answered, time.time_ns()
    time.sleep(for_s)
    after, requests, until_ns = sample(one.process.pid), server.stats().answered - answered, time.time_ns()
    metrics = httpx.get(f"{one.address}/metrics", timeout=UP_WITHIN_S, trust_env=False).content
    journeys, cpu_s = requests / CALLS, after.cpu_s - before.cpu_s
    return Configured(
        probes,
        journeys,
        _missed(one.log.with_name("runner.db"), since_ns, until_ns),
        cpu_s * 1e3 / journeys if journeys else 0.0,
        after.rss_mib,
        cpu_s / for_s,
        start_s,
        len(metrics) / 1024,
    )


def _missed(database: Path, since_ns: int, until_ns: int) -> dict[str, int]:
    """The slots of that time that are over and were not played well, by what became of them."""
    query = (
        "SELECT CASE reason WHEN '' THEN outcome ELSE reason END, count(*) FROM slots WHERE slot_ns >= ? AND slot_ns < ? "
        "AND probe LIKE 'growth%' AND outcome NOT IN ('', 'ok', 'tainted') GROUP BY 1"
    )
    with closing(sqlite3.connect(database)) as connection:
        return dict(connection.execute(query, (since_ns, until_ns)).fetchall())
