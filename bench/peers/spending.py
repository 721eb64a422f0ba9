"""What a tool spends on a journey: the CPU of its whole process tree on one core, held against what the server has answered."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.machine import pinned
from bench.peers.fetching import NotFetched, told_to_tools
from bench.peers.tools import Job, Peer
from bench.server.starting import BenchServer
from synthetic.core.errors import HarnessError

CALLS = 8
ENDED_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a tool, its start and end included."""

    journeys: int
    cpu_s: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class Spending:
    """What became of one peer. `problem`: why there are no figures; `per_s` 0: the machine was too busy to tell."""

    name: str
    cpu_ms: float = 0.0
    per_s: float = 0.0
    start_cpu_s: float = 0.0
    problem: str = ""


def spend(peer: Peer, scratch: Path, server: BenchServer, folder: Path, core: int) -> Spending:
    """Fetch a tool and have it play. A tool that can't be had is told of; one that breaks is, too, by what it said."""
    try:
        tool = peer.fetch(scratch)
    except NotFetched as error:
        return Spending(peer.name, problem=f"not fetched: {error}")
    try:
        few, many = (_run(peer, tool, server, folder, core, journeys) for journeys in (peer.few, peer.many))
    except HarnessError as error:
        return Spending(peer.name, problem=str(error))
    more = many.journeys - few.journeys
    cpu_ms = (many.cpu_s - few.cpu_s) * 1e3 / more
    took_s = many.wall_s - few.wall_s
    return Spending(peer.name, cpu_ms, more / took_s if took_s > 0 else 0.0, few.cpu_s - cpu_ms * few.journeys / 1e3)


def _run(peer: Peer, tool: Path, server: BenchServer, folder: Path, core: int, journeys: int) -> Run:
    own = folder / f"{peer.name}-{journeys}".replace(" ", "-").replace(",", "")
    own.mkdir()
    job = Job(server.url, server.cells_file, own, os.urandom(4).hex(), peer.users, journeys)
    told = peer.told(tool, job)
    answered = server.stats().answered
    began_s = time.monotonic()
    code, cpu_s, said = _cpu_of(pinned(core, told.command), {**job.environment, **told.environment}, own)
    wall_s = time.monotonic() - began_s
    asked = server.stats().answered - answered
    if code:
        raise HarnessError(f"ended with {code}: {said}")
    if asked != CALLS * journeys:
        raise HarnessError(f"asked {asked} times and not {CALLS * journeys}: {said}")
    return Run(journeys, cpu_s, wall_s)


def _cpu_of(command: Sequence[str], environment: dict[str, str], folder: Path) -> tuple[int, float, str]:
    """Exit code, CPU seconds of the process and all its children (`wait4`), and the end of what it said."""
    log = folder / "said.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - commands of our own
            command,
            env=told_to_tools() | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        deadline_s = time.monotonic() + ENDED_WITHIN_S
        while True:
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline_s:
                process.kill()
            time.sleep(0.02)
    process.returncode = os.waitstatus_to_exitcode(status)
    said = log.read_text(errors="replace").strip().splitlines()
    return process.returncode, used.ru_utime + used.ru_stime, " | ".join(said[-3:])[-400:]
