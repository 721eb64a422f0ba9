"""A session: the cells with their drivers and players, and the playing of turns (a pair of runs, or one alone) on them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType

from synthetic.config.secret_refs import resolve_all
from synthetic.core.errors import HarnessError, RefusedByPolicy
from synthetic.core.events import RunEnded
from synthetic.core.machine import play, started_event
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.core.plan import CellPlan, PlayerPlan, RunSpec
from synthetic.core.ports import EventSink, Journal
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.lag import LagMeter
from synthetic.drivers.tls import client_context
from synthetic.runner.players import PlayerPool
from synthetic.runner.provoked import Provocation
from synthetic.runner.quiet import quiet_collector
from synthetic.runner.specs import Part, Turn, make_spec, pool_name

LEASE_WAIT_S = 60.0


class Session:
    """Plays turns. Use as `async with`; the drivers are closed at its end."""

    def __init__(self, cells: Sequence[CellPlan], *, seed: int, sink: EventSink, journal: Journal) -> None:
        self._cells = {cell.name: cell for cell in cells}
        self._seed = seed
        self._sink = sink
        self._journal = journal
        self._clock = SystemClock()
        self._lag = LagMeter(self._clock)
        self._drivers: dict[str, AsyncDriver] = {}
        self._pools: dict[tuple[str, str], PlayerPool] = {}
        self._secrets = {cell.name: resolve_all(cell, cell.secrets) for cell in cells}
        self._stopping = False
        self._provoked: dict[str, Provocation] = {}

    async def __aenter__(self) -> Session:
        for cell in self._cells.values():
            tls = client_context(cell.ca_file)
            self._drivers[cell.name] = AsyncDriver(allow=cell.allow, tls=tls, clock=self._clock, lag=self._lag)
            for pool in {player.pool for player in cell.players}:
                members = [player for player in cell.players if player.pool == pool]
                self._pools[cell.name, pool] = PlayerPool(f"{cell.name}/{pool}", members, self._clock)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for driver in self._drivers.values():
            await driver.aclose()
        await self._lag.stop()

    def stop(self) -> None:
        """Begin no further turn. What has begun plays on to its end, so that its money comes home."""
        self._stopping = True

    def provoke(self, cell: str, provocation: Provocation | None) -> None:
        """Make the harness itself break on this cell from the next run on; None: no more.

        Raises RefusedByPolicy in production: a crash that is provoked there strands real money.
        """
        if self._cells[cell].environment == "production":
            raise RefusedByPolicy(f"cell {cell!r} is in production; the harness is not made to break there")
        if provocation is None:
            self._provoked.pop(cell, None)
        else:
            self._provoked[cell] = provocation

    def driver(self, cell: str) -> AsyncDriver:
        """The driver of a cell."""
        return self._drivers[cell]

    async def play_all(self, turns: Sequence[Turn], *, at_once: int) -> list[RunEnded]:
        """Play all turns, at most `at_once` at a time, in order of their start. Answers how each run ended."""
        gate = asyncio.Semaphore(at_once)

        async def one(turn: Turn) -> list[RunEnded]:
            async with gate:
                return [] if self._stopping else await self.play_turn(turn)

        with quiet_collector():
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(turn)) for turn in turns]
        return [ended for task in tasks for ended in task.result()]

    async def play_turn(self, turn: Turn) -> list[RunEnded]:
        """Play the runs of one turn in the same instant: none starts before all of them have their player."""
        start = asyncio.Barrier(len(turn.parts))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._play(turn, part, start)) for part in turn.parts]
        return [task.result() for task in tasks]

    async def _play(self, turn: Turn, part: Part, start: asyncio.Barrier) -> RunEnded:
        scheduled_ns = self._clock.monotonic_ns()
        pool = self._pool_of(part)
        try:
            async with pool.lease(LEASE_WAIT_S) as player:
                await start.wait()
                secrets = self._secrets[part.cell.name]
                spec = make_spec(
                    part, turn, player, secrets, seed=self._seed, clock=self._clock, scheduled_ns=scheduled_ns
                )
                return await self._run(spec)
        except HarnessError as error:
            await start.abort()
            return self._not_played(turn, part, scheduled_ns, str(error))
        except asyncio.BrokenBarrierError:
            return self._not_played(turn, part, scheduled_ns, "the other run of its pair could not be played")

    async def _run(self, spec: RunSpec) -> RunEnded:
        """Play one run. One that is cut off, or that breaks on our side, is told of and spoils no other run."""
        provoked = self._provoked.get(spec.cell.name)
        spec = spec if provoked is None else provoked.prepare(spec)
        machine = play(spec) if provoked is None else provoked.provoke(play(spec))
        try:
            return await self._drivers[spec.cell.name].run(machine, sink=self._sink, journal=self._journal)
        except asyncio.CancelledError:
            self._sink(_cut_off(spec, self._clock.monotonic_ns(), "it was cut off before its end"))
            raise
        except Exception as error:  # noqa: BLE001 - the other runs have money under way
            ended = _cut_off(spec, self._clock.monotonic_ns(), f"our own code failed: {type(error).__name__}: {error}")
            self._sink(ended)
            return ended

    def _pool_of(self, part: Part) -> PlayerPool:
        name = pool_name(part.plan, part.cell)
        return self._pools.get((part.cell.name, name)) or PlayerPool(f"{part.cell.name}/{name}", (), self._clock)

    def _not_played(self, turn: Turn, part: Part, scheduled_ns: int, reason: str) -> RunEnded:
        """A run that never began is told of, too: a missing run must not look like a healthy one."""
        nobody = PlayerPlan("", "", {}, {})
        spec = make_spec(part, turn, nobody, {}, seed=self._seed, clock=self._clock, scheduled_ns=scheduled_ns)
        ended = RunEnded(spec.run_id, RunOutcome.ABORTED, Blame.HARNESS, reason, "", "", (), spec.mono_ns)
        self._sink(started_event(spec))
        self._sink(ended)
        return ended


def _cut_off(spec: RunSpec, at_ns: int, reason: str) -> RunEnded:
    """The end of a run that did not come to its own; the journal knows what it had moved."""
    return RunEnded(spec.run_id, RunOutcome.ABORTED, Blame.HARNESS, reason, "", "", (), at_ns)
