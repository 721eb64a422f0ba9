"""`python -m bench.line`: where the limit is. What one request costs a client: wrk, raw sockets, our driver, others."""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.charts import Chart, Panel
from bench.line.asking import PATH
from bench.machine import pinned, two_cores
from bench.results import FOLDER, Grid, Result, finish
from bench.server.starting import BenchServer, bench_server
from bench.tables import ratio
from synthetic.cli.screen import say
from synthetic.cli.telling import tell_error
from synthetic.core.errors import HarnessError, SyntheticError

WRK = "wrk (C)"
RAW = "raw sockets"
CLIENTS = {
    WRK: "",
    RAW: "raw",
    "our driver": "driver",
    "aiohttp": "aiohttp",
    "httpx over ours": "httpx-ours",
    "httpx": "httpx",
}
AT_ONCE = (1, 10, 100)
SECONDS = 1.5
STARTED_WITHIN_S = 60.0
_WRK_TOLD = re.compile(r"(\d+) requests in")


@dataclass(frozen=True, slots=True)
class Asked:
    """One client with so many connections: CPU microseconds of a request, and requests in a second of wall time."""

    client: str
    at_once: int
    cpu_us: float
    per_s: float


def main(arguments: Sequence[str]) -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m bench.line", description=__doc__)
    parser.add_argument("--at-once", type=int, nargs="+", default=AT_ONCE, metavar="N", help="connections (1 10 100)")
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help="of each measurement (1.5)")
    parser.add_argument("--client", action="append", choices=list(CLIENTS), help="only this one (all; may be repeated)")
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="DIR", help="where the result is kept")
    options = parser.parse_args(arguments)
    try:
        return finish(
            result_of(measure(options.at_once, options.seconds, options.client or list(CLIENTS))), options.out
        )
    except SyntheticError as error:
        return tell_error(error)


def measure(counts: Sequence[int], seconds: float, wanted: Sequence[str]) -> list[Asked]:
    """Every client with every number of connections, each in a process of its own on its own core."""
    ours, theirs = two_cores()
    clients = [client for client in wanted if client != WRK or shutil.which("wrk")]
    if clients != list(wanted):
        say("wrk is not installed (apt-get install wrk): it is left out")
    with bench_server(core=theirs, players=1) as server:
        return [_one(client, at_once, server, seconds, ours) for at_once in counts for client in clients]


def _one(client: str, at_once: int, server: BenchServer, seconds: float, core: int) -> Asked:
    say(f"{client}: {at_once}")
    if client == WRK:
        command = ["wrk", "-t1", f"-c{at_once}", f"-d{max(1, round(seconds))}s", server.url + PATH]
    else:
        command = [sys.executable, "-m", "bench.line.asking", CLIENTS[client], server.url, str(at_once), str(seconds)]
    before_s = _children_s()
    done = subprocess.run(  # noqa: S603 - our own module, and wrk
        pinned(core, command), capture_output=True, text=True, check=False, timeout=STARTED_WITHIN_S + seconds
    )
    if done.returncode:
        raise HarnessError(f"{client} with {at_once} connections: {done.stderr[-1000:]}")
    if client != WRK:
        requests, cpu_s = json.loads(done.stdout)
        return Asked(client, at_once, cpu_s * 1e6 / requests, requests / seconds)
    told = _WRK_TOLD.search(done.stdout)
    if told is None:
        raise HarnessError(f"wrk did not say how many requests it made: {done.stdout[-500:]}")
    requests = int(told[1])
    return Asked(client, at_once, (_children_s() - before_s) * 1e6 / requests, requests / max(1, round(seconds)))


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def result_of(asked: Sequence[Asked]) -> Result:
    """What is shown and kept; ratios are to raw sockets with as many connections."""
    raw = {one.at_once: one.cpu_us for one in asked if one.client == RAW}
    rows = [
        (
            one.client,
            str(one.at_once),
            f"{one.cpu_us:.0f}",
            ratio(one.cpu_us, raw.get(one.at_once, 0.0)),
            f"{one.per_s:.0f}",
        )
        for one in asked
    ]
    remark = "CPU of the client, kernel included, for one GET of 11 bytes over a connection that stays open; x: times raw sockets\n"
    remark += "raw sockets: bytes out, bytes in, nobody looks at them; the server is the same, on a core of its own"
    grid = Grid("line: one request", ("client", "connections", "CPU us", "x", "requests/s"), rows, remark)
    lines = {
        client: [(float(one.at_once), one.cpu_us) for one in asked if one.client == client]
        for client in dict.fromkeys(one.client for one in asked)
    }
    chart = Chart(
        "line: CPU of one request", "connections", "microseconds", (Panel("", lines),), log_x=True, log_y=True
    )
    figures = {
        f"{one.client}, {one.at_once}": {"cpu_us": round(one.cpu_us, 1), "per_s": round(one.per_s)} for one in asked
    }
    return Result("line", "where the limit is: the cost of one request", (grid,), chart=chart, figures=figures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
