"""Our engine as the runner has it, for benchmarks that play many journeys at once: durable intents, checks, run records."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.journeys import journey
from bench.variants import only_row
from synthetic.config.cell_secrets import CellSecrets
from synthetic.config.cells import load_cells
from synthetic.core.events import RunEnded
from synthetic.core.machine import play as play_scenario
from synthetic.core.plan import PlayerPlan
from synthetic.core.ports import EventSink, fan_out
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.guard import Limits
from synthetic.journal.sqlite import SqliteJournal
from synthetic.report.recorder import RunRecorder
from synthetic.runner.identity import fresh_seed
from synthetic.runner.specs import Part, Turn, make_spec


class Engine:
    """Plays the journey on the canary of a cells file, with a connection for each of `at_once` players."""

    def __init__(self, cells_file: Path, at_once: int, journal: SqliteJournal, sink: EventSink) -> None:
        cell = load_cells(cells_file)["canary"]
        self.players: tuple[PlayerPlan, ...] = cell.players[:at_once]
        self._journal, self._clock, self._seed = journal, SystemClock(), fresh_seed()
        self._part = Part(journey(), cell)
        self._row = only_row(self._part)
        self._driver = AsyncDriver(allow=cell.allow, limits=Limits(connections_max=at_once), clock=self._clock)
        self._sink = fan_out([sink, RunRecorder(lambda _record: None)])
        self._number = 0

    async def play(self, player: PlayerPlan) -> RunEnded:
        """One journey of a player, who must not play another one meanwhile."""
        self._number += 1
        turn, now_ns = Turn((self._part,), self._row, self._number), self._clock.monotonic_ns()
        spec = make_spec(
            self._part, turn, player, CellSecrets(), seed=self._seed, clock=self._clock, scheduled_ns=now_ns
        )
        return await self._driver.run(play_scenario(spec), sink=self._sink, journal=self._journal)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._driver.aclose()


@contextmanager
def engine(cells_file: Path, at_once: int, sink: EventSink) -> Iterator[Engine]:
    """An engine with a journal of its own, which goes with it."""
    allow_files(at_once)
    with (
        TemporaryDirectory(prefix="synthetic-engine-") as folder,
        SqliteJournal(Path(folder) / "journal.db") as journal,
    ):
        yield Engine(cells_file, at_once, journal, sink)


def allow_files(more: int) -> None:
    """Let this process have so many sockets on top of a few hundred files. Raises ValueError where the machine forbids it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (min(hard, more + 1024) if hard != resource.RLIM_INFINITY else more + 1024, hard)
    )
