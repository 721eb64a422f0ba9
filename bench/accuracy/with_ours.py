"""The same journeys by our engine, with everything on: durable intents, checks, run records.

`python -m bench.accuracy.with_ours URL CELLS AT_ONCE SECONDS`
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.accuracy.sampling import OVER_WITHIN_S, WARM_UP_S, Samples, Task
from bench.journeys import journey
from bench.server.starting import TRUE_DELAY
from bench.variants import only_row
from synthetic.config.cells import load_cells
from synthetic.core.events import Event, ExchangeDone, RunEnded
from synthetic.core.machine import play as play_scenario
from synthetic.core.machine.state import is_tainted
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import PlayerPlan
from synthetic.core.ports import fan_out
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.guard import Limits
from synthetic.journal.sqlite import SqliteJournal
from synthetic.report.recorder import RunRecorder
from synthetic.runner.identity import fresh_seed
from synthetic.runner.quiet import quiet_collector
from synthetic.runner.specs import Part, Turn, make_spec


class Players:
    """Our engine on one cell, with a journal of its own; each player plays one journey after the other."""

    def __init__(self, task: Task, journal: SqliteJournal) -> None:
        cell = load_cells(task.cells_file)["canary"]
        self._task, self._journal, self._clock = task, journal, SystemClock()
        self._part, self._seed = Part(journey(), cell), fresh_seed()
        self._row = only_row(self._part)
        self._driver = AsyncDriver(allow=cell.allow, limits=Limits(connections_max=task.at_once), clock=self._clock)
        self.samples = Samples()
        self._sink = fan_out([self, RunRecorder(lambda _record: None)])
        self._end_s = time.monotonic() + WARM_UP_S + task.for_s

    def __call__(self, event: Event, /) -> None:
        """Take what was measured, and how a run ended."""
        if isinstance(event, ExchangeDone):
            true_ns = next((int(value) for name, value in event.answer_headers if name == TRUE_DELAY), None)
            if true_ns is None:
                self.samples.failed += 1
            else:
                self.samples.add(event.times.latency_ns, true_ns, tainted=is_tainted(event.times))
        elif isinstance(event, RunEnded):
            fine = event.outcome in (RunOutcome.OK, RunOutcome.TAINTED)
            self.samples.journeys += fine
            self.samples.failed += not fine

    async def play(self) -> None:
        """Play until the time is over, and what has begun to its end."""
        players = self._part.cell.players[: self._task.at_once]
        try:
            async with asyncio.timeout(WARM_UP_S + self._task.for_s + OVER_WITHIN_S):
                await asyncio.gather(*(self._one(number, player) for number, player in enumerate(players)))
        finally:
            await self._driver.aclose()

    async def _one(self, index: int, player: PlayerPlan) -> None:
        await asyncio.sleep(self._task.begins_after_s(index))
        number = index
        while time.monotonic() < self._end_s:
            number += self._task.at_once
            scheduled_ns, turn = self._clock.monotonic_ns(), Turn((self._part,), self._row, number)
            spec = make_spec(
                self._part, turn, player, {}, seed=self._seed, clock=self._clock, scheduled_ns=scheduled_ns
            )
            await self._driver.run(play_scenario(spec), sink=self._sink, journal=self._journal)


def play(task: Task) -> Samples:
    """Play journeys until the time is over."""
    with (
        tempfile.TemporaryDirectory(prefix="synthetic-accuracy-") as folder,
        SqliteJournal(Path(folder) / "journal.db") as journal,
    ):
        players = Players(task, journal)
        with quiet_collector():
            asyncio.run(players.play())
    return players.samples


def main(arguments: Sequence[str]) -> int:
    """Play, and print the samples."""
    play(Task.of(arguments)).tell()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
