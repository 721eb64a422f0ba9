"""So many journeys at once: `python -m bench.growth.journeys CELLS AT_ONCE JOURNEY_S FOR_S` prints what one costs.

A journey takes `JOURNEY_S`, as the server keeps each of its requests; so the number that goes on at once grows, and the number that
begins in a second does not. What is counted are requests, an eighth of a journey each: of a long journey few end.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.engine import Engine, engine
from bench.machine import pinned, two_cores
from bench.schedule.measuring import Sample, sample
from bench.server.starting import bench_server
from synthetic.core.errors import HarnessError
from synthetic.core.events import Event, ExchangeDone, RunEnded
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import PlayerPlan
from synthetic.runner.quiet import quiet_collector

CALLS = 8
SETTLE_SHARE = 0.25  # of a journey, once all play
OVER_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """What so many journeys at once cost: CPU milliseconds of one (all threads), memory in MiB, and how busy the core was."""

    at_once: int
    journeys: float
    cpu_ms: float
    rss_mib: float
    core_share: float


def measured(at_once: int, rate: float, for_s: float) -> Crowd:
    """Play so many at once, `rate` of which begin in a second, in a process of its own. Raises HarnessError where one fails."""
    ours, theirs = two_cores()
    journey_s = at_once / rate
    with bench_server(delay_ms=journey_s * 1e3 / CALLS, core=theirs, players=at_once, tracks=("canary",)) as server:
        command = [sys.executable, "-m", "bench.growth.journeys", str(server.cells_file)]
        command += [str(at_once), str(journey_s), str(for_s)]
        limit_s = journey_s * 3 + for_s + OVER_WITHIN_S
        try:
            done = subprocess.run(pinned(ours, command), capture_output=True, text=True, check=False, timeout=limit_s)  # noqa: S603 - our own module
        except subprocess.TimeoutExpired:
            raise HarnessError(f"{at_once} journeys at once were not over after {limit_s:g} s") from None
    if done.returncode:
        raise HarnessError(f"{at_once} journeys at once: {done.stderr[-1500:]}")
    return Crowd(*json.loads(done.stdout.splitlines()[-1]))


class Counting:
    """An EventSink that counts requests, and runs that did not end well."""

    def __init__(self) -> None:
        self.requests = 0
        self.failed = 0

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
        if isinstance(event, ExchangeDone):
            self.requests += 1
        elif isinstance(event, RunEnded) and event.outcome not in (RunOutcome.OK, RunOutcome.TAINTED):
            self.failed += 1


async def _play(playing: Engine, counting: Counting, journey_s: float, for_s: float) -> tuple[Sample, Sample, int]:
    """Begin them one after the other within one journey; measure while all play. Answers the process before and after."""

    async def one(number: int, player: PlayerPlan) -> None:
        await asyncio.sleep(journey_s * number / len(playing.players))
        while True:
            await playing.play(player)

    tasks = [asyncio.ensure_future(one(number, player)) for number, player in enumerate(playing.players)]
    try:
        await asyncio.sleep(journey_s * (1 + SETTLE_SHARE))
        before, requests = _now(), counting.requests
        await asyncio.sleep(for_s)
        after = _now()
        return before, after, counting.requests - requests
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await playing.aclose()


def _now() -> Sample:
    return Sample(time.process_time(), sample(os.getpid()).rss_mib)


def main(arguments: Sequence[str]) -> int:
    """Measure one crowd, and print it. Answers 1 where a run failed."""
    cells_file, at_once, journey_s, for_s = Path(arguments[0]), int(arguments[1]), *map(float, arguments[2:])
    counting = Counting()
    with engine(cells_file, at_once, counting) as playing, quiet_collector():
        before, after, requests = asyncio.run(_play(playing, counting, journey_s, for_s))
    if counting.failed or not requests:
        print(f"{counting.failed} runs failed, {requests} requests", file=sys.stderr)
        return 1
    journeys, cpu_s = requests / CALLS, after.cpu_s - before.cpu_s
    print(json.dumps([at_once, journeys, cpu_s * 1e3 / journeys, after.rss_mib, cpu_s / for_s]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
