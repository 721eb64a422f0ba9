"""What is measured of a running service: its CPU and memory from outside, its slots from its journal, its lag at the target."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from synthetic.config.serving import load_serving
from synthetic.runner.grid import Grid

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_MIB = 1024 * 1024
_SLOTS = "SELECT probe, slot_ns, outcome, reason FROM slots WHERE slot_ns >= ? AND slot_ns < ? AND probe LIKE 'ping%'"
_RUNS = "SELECT run_id, slot_ns FROM runs WHERE slot_ns >= ? AND slot_ns < ?"


@dataclass(frozen=True, slots=True)
class Sample:
    """A process at an instant: the CPU that it has used (seconds, all threads), and its resident memory."""

    cpu_s: float
    rss_mib: float


def sample(pid: int) -> Sample:
    """Look at a process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return Sample((int(fields[11]) + int(fields[12])) / _TICKS_PER_S, pages * os.sysconf("SC_PAGE_SIZE") / _MIB)


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots of a time: how many there are by the grids, how many were played, and the others by what became of them."""

    due: int
    played: int
    missed: dict[str, int]


def slots_between(serving: Path, database: Path, since_ns: int, until_ns: int) -> Slots:
    """Hold the journal against the grids."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(_SLOTS, (since_ns, until_ns)).fetchall()
    found = {(probe, slot_ns): (outcome, reason) for probe, slot_ns, outcome, reason in rows}
    due = {
        (probe.name, slot_ns)
        for probe in load_serving(serving).probes
        for slot_ns in Grid.of(probe.name, probe.schedule).slots_between(since_ns - 1, until_ns - 1)
    }
    missed: dict[str, int] = {}
    for slot in due:
        outcome, reason = found.get(slot, ("", "nobody knows of it"))
        if set(outcome.split(",")) != {"ok"}:  # of a pair both sides are told
            word = reason or outcome or "not over"
            missed[word] = missed.get(word, 0) + 1
    return Slots(len(due), len(due) - sum(missed.values()), missed)


def lags_ms(database: Path, arrivals: Path, since_ns: int, until_ns: int) -> list[float]:
    """How long after its slot the request of each run arrived at the target, in milliseconds, sorted."""
    with closing(sqlite3.connect(database)) as connection:
        slots = dict(connection.execute(_RUNS, (since_ns, until_ns)).fetchall())
    first: dict[str, int] = {}
    for line in arrivals.read_text().splitlines():
        at_ns, _, run = line.partition(" ")
        first.setdefault(run, int(at_ns))
    return sorted((first[run] - slot_ns) / 1e6 for run, slot_ns in slots.items() if run in first)


def percentile(values: list[float], share: float) -> float:
    """The value that so large a share of the sorted values does not exceed; not a number where there is none."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")
