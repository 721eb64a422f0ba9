"""`python -m bench.accuracy`: what clients add to the latency that they report.

With 1, 50 and 200 journeys at once on one core, quiet and with two processes there that want all of it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.accuracy.bars import Case, Measured, result_of
from bench.accuracy.sampling import OVER_WITHIN_S, WARM_UP_S, Task, Told
from bench.machine import hogs, pinned, two_cores
from bench.results import FOLDER, finish
from bench.server.starting import BenchServer, bench_server
from synthetic.cli.screen import say
from synthetic.cli.telling import tell_error
from synthetic.core.errors import HarnessError, SyntheticError

CLIENTS = {
    "ours": ["bench.accuracy.with_ours"],
    "aiohttp": ["bench.accuracy.with_asyncio", "aiohttp"],
    "Locust Fast": ["bench.accuracy.with_locust"],
    "httpx": ["bench.accuracy.with_asyncio", "httpx"],
}
DELAYS_MS = (50.0, 120.0, 400.0)
AT_ONCE = (1, 50, 200)
SECONDS = 5.0
ALONE_SECONDS = 10.0  # one journey at a time sends few requests
HOGS = 2
STARTED_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is measured."""

    clients: Sequence[str]
    at_once: Sequence[int]
    delays_ms: Sequence[float]
    seconds: float
    hogs: int


def main(arguments: Sequence[str]) -> int:
    """Measure, print and keep. Answers 0 where every bar is met, else 1."""
    options = _parser().parse_args(arguments)
    wanted = Wanted(options.client or list(CLIENTS), options.at_once, options.delay_ms, options.seconds, options.hogs)
    try:
        return finish(result_of(measure(wanted), wanted.delays_ms), options.out)
    except SyntheticError as error:
        return tell_error(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.accuracy", description=__doc__)
    parser.add_argument("--client", action="append", choices=list(CLIENTS), help="only this one (all; may be repeated)")
    parser.add_argument("--at-once", type=int, nargs="+", default=AT_ONCE, metavar="N", help="journeys (1 50 200)")
    parser.add_argument(
        "--delay-ms", type=float, nargs="+", default=DELAYS_MS, metavar="MS", help="what takes turns (50 120 400)"
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help="of each measurement (5)")
    parser.add_argument("--hogs", type=int, default=HOGS, metavar="N", help="on the client's core (2); 0: only quiet")
    parser.add_argument(
        "--out", type=Path, default=FOLDER, metavar="DIR", help="where the result is kept (reports/out/bench)"
    )
    return parser


def measure(wanted: Wanted) -> list[Measured]:
    """Every client in every case. Each has a process of its own, the same server, and its core for itself but for the hogs."""
    ours, theirs = two_cores()
    cases = [Case(at_once, number) for number in sorted({0, wanted.hogs}) for at_once in wanted.at_once]
    measured = []
    with bench_server(
        delay_ms=wanted.delays_ms, core=theirs, players=max(wanted.at_once), tracks=("canary",)
    ) as server:
        for case in cases:
            for client in wanted.clients:
                say(f"{client}: {case}")
                with ExitStack() as stack:
                    stack.enter_context(hogs(case.hogs, ours))
                    measured.append(_one(client, case, server, wanted.seconds, ours))
    return measured


def _one(client: str, case: Case, server: BenchServer, seconds: float, core: int) -> Measured:
    for_s = max(seconds, min(ALONE_SECONDS, 2 * seconds)) if case.at_once == 1 else seconds
    task = Task(server.url, server.cells_file, case.at_once, for_s)
    module, *more = CLIENTS[client]
    command = task.command(module)
    command[3:3] = more
    before = server.stats()
    limit_s = STARTED_WITHIN_S + WARM_UP_S + for_s + OVER_WITHIN_S
    try:
        done = subprocess.run(pinned(core, command), capture_output=True, text=True, check=False, timeout=limit_s)  # noqa: S603 - our own modules
    except subprocess.TimeoutExpired:
        raise HarnessError(f"{client}, {case}: not over after {limit_s:g} s") from None
    if done.returncode:
        raise HarnessError(f"{client}, {case}: {done.stderr[-1500:]}")
    after = server.stats()
    return Measured(
        client,
        case,
        Told.read(done.stdout, after.doubtful),
        after.sends_us,
        (after.cpu_s - before.cpu_s) / (WARM_UP_S + for_s),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
