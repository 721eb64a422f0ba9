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
IDLE_PROBES, IDLE_EVERY_S = 10, 10_000.0
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
    """What a service with so many probes costs: CPU milliseconds of one journey (all threads), memory in MiB, and its start.

    `disk_kib`, `rows`: what one journey leaves on the disk (journal, ticks, records, audit, log), and in the journal's tables.
    """

    probes: int
    journeys: float
    missed: dict[str, int]
    cpu_ms: float
    rss_mib: float
    core_share: float
    start_s: float
    metrics_kib: float
    disk_kib: float = 0.0
    rows: float = 0.0


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


def idle_share(for_s: float) -> float:
    """How much of a core a worker needs that plays next to nothing."""
    return measured(IDLE_PROBES, IDLE_PROBES / IDLE_EVERY_S, for_s).core_share


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
    left = _Kept.in_folder(one.log.parent)
    before, answered, since_ns = sample(one.process.pid), server.stats().answered, time.time_ns()
    time.sleep(for_s)
    after, requests, until_ns = sample(one.process.pid), server.stats().answered - answered, time.time_ns()
    kept = _Kept.in_folder(one.log.parent)
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
        (kept.size - left.size) / 1024 / journeys if journeys else 0.0,
        (kept.rows - left.rows) / journeys if journeys else 0.0,
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a service has left on the disk so far: bytes (journal, ticks, records, audit, log), and rows of the journal."""

    size: int
    rows: int

    @classmethod
    def in_folder(cls, folder: Path) -> _Kept:
        """Now. Of a database the pages count, as what is written ahead of them is written over again and again."""
        files = [file for file in folder.rglob("*") if file.is_file() and file.suffix in (".db", ".log", ".jsonl")]
        databases = [file for file in files if file.suffix == ".db"]
        size = sum(file.stat().st_size for file in files if file not in databases) + sum(map(_pages, databases))
        with closing(sqlite3.connect(folder / "runner.db")) as connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            rows = sum(connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables)  # noqa: S608 - the journal's own names
        return cls(size, rows)


def _pages(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        ((count,), (size,)) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
        return int(count * size)


def _missed(database: Path, since_ns: int, until_ns: int) -> dict[str, int]:
    """The slots of that time that are over and were not played well, by what became of them."""
    query = (
        "SELECT CASE reason WHEN '' THEN outcome ELSE reason END, count(*) FROM slots WHERE slot_ns >= ? AND slot_ns < ? "
        "AND probe LIKE 'growth%' AND outcome NOT IN ('', 'ok', 'tainted') GROUP BY 1"
    )
    with closing(sqlite3.connect(database)) as connection:
        return dict(connection.execute(query, (since_ns, until_ns)).fetchall())
