"""The same journeys by our engine, with everything on: durable intents, checks, run records.

`python -m bench.accuracy.with_ours URL CELLS AT_ONCE SECONDS`
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence

from bench.accuracy.sampling import OVER_WITHIN_S, WARM_UP_S, Samples, Task
from bench.engine import Engine, engine
from bench.server.starting import truth_of
from synthetic.core.events import Event, ExchangeDone, RunEnded
from synthetic.core.machine.state import is_tainted
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import PlayerPlan
from synthetic.runner.quiet import quiet_collector


class Measuring:
    """An EventSink that takes what was measured, and how runs ended."""

    def __init__(self) -> None:
        self.samples = Samples()

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
        if isinstance(event, ExchangeDone):
            if event.answer_status is None:
                self.samples.failed += 1
            else:
                truth = truth_of(dict(event.answer_headers))
                self.samples.add(event.times.latency_ns, truth, tainted=is_tainted(event.times))
        elif isinstance(event, RunEnded):
            fine = event.outcome in (RunOutcome.OK, RunOutcome.TAINTED)
            self.samples.journeys += fine
            self.samples.failed += not fine


async def _play_all(task: Task, playing: Engine) -> None:
    """Until the time is over, and what has begun to its end."""
    end_s = time.monotonic() + WARM_UP_S + task.for_s

    async def one(number: int, player: PlayerPlan) -> None:
        await asyncio.sleep(task.begins_after_s(number))
        while time.monotonic() < end_s:
            await playing.play(player)

    try:
        async with asyncio.timeout(WARM_UP_S + task.for_s + OVER_WITHIN_S):
            await asyncio.gather(*(one(number, player) for number, player in enumerate(playing.players)))
    finally:
        await playing.aclose()


def play(task: Task) -> Samples:
    """Play journeys until the time is over."""
    measuring = Measuring()
    with engine(task.cells_file, task.at_once, measuring) as playing, quiet_collector():
        asyncio.run(_play_all(task, playing))
    return measuring.samples


def main(arguments: Sequence[str]) -> int:
    """Play, and print the samples."""
    play(Task.of(arguments)).tell()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
