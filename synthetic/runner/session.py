"""A session: the cells with their drivers and players, and the playing of turns (a pair of runs, or one alone) on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType

from synthetic.config.cell_secrets import CellSecrets, cell_secrets
from synthetic.core.errors import HarnessError, RefusedByPolicy
from synthetic.core.events import RunEnded
from synthetic.core.machine import play, started_event
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.core.plan import CellPlan, PlayerPlan, RunSpec
from synthetic.core.ports import EventSink, Journal
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.lag import LagMeter
from synthetic.drivers.of_cells import asyncio_driver
from synthetic.journal.model import Lease
from synthetic.runner.kept_runs import KeptRuns
from synthetic.runner.mistakes import own_mistake
from synthetic.runner.players import PlayerPool
from synthetic.runner.provoked import Provocation
from synthetic.runner.quiet import quiet_collector
from synthetic.runner.specs import Part, Turn, make_spec, pool_name

LEASE_WAIT_S = 60.0


class Session:
    """Plays turns. Use as `async with`; the drivers are closed at its end.

    Effects go to `journal`, or with `kept` to that of their run, which is in the same database.
    """

    def __init__(
        self,
        cells: Sequence[CellPlan],
        *,
        seed: int,
        sink: EventSink,
        journal: Journal | None = None,
        kept: KeptRuns | None = None,
    ) -> None:
        assert (journal is None) != (kept is None), "effects are journaled, alone or with their runs"
        self._cells = {cell.name: cell for cell in cells}
        self._seed = seed
        self._sink = sink
        self._journal = journal
        self._kept = kept
        self._clock = SystemClock()
        self._lag = LagMeter(self._clock)
        self._drivers: dict[str, AsyncDriver] = {}
        self._pools: dict[tuple[str, str], PlayerPool] = {}
        self._secrets = {cell.name: cell_secrets(cell) for cell in cells}
        self._stopping = False
        self._closing = AsyncExitStack()
        self._provoked: dict[str, Provocation] = {}

    async def __aenter__(self) -> Session:
        for cell in self._cells.values():
            self._drivers[cell.name] = asyncio_driver(cell, clock=self._clock, lag=self._lag)
            for pool in {player.pool for player in cell.players}:
                members = [player for player in cell.players if player.pool == pool]
                self._pools[cell.name, pool] = PlayerPool(f"{cell.name}/{pool}", members, self._clock)
        if self._kept is not None:
            await self._closing.enter_async_context(self._kept.leases.kept())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closing.aclose()
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
        try:
            async with AsyncExitStack() as leases:
                player, lease = await self._leased(leases, turn, part)
                async with self._kept_open(lease, player) as (journal, ended):
                    await start.wait()
                    secrets = self._secrets[part.cell.name]
                    spec = make_spec(
                        part, turn, player, secrets, seed=self._seed, clock=self._clock, scheduled_ns=scheduled_ns
                    )
                    ended.append(await self._run(spec, journal))
                    return ended[-1]
        except HarnessError as error:
            await start.abort()
            return self._not_played(turn, part, scheduled_ns, str(error))
        except asyncio.BrokenBarrierError:
            return self._not_played(turn, part, scheduled_ns, "the other run of its pair could not be played")

    async def _leased(self, leases: AsyncExitStack, turn: Turn, part: Part) -> tuple[PlayerPlan, Lease | None]:
        """A player whom nobody else plays. One on whose account another process is stays lent here meanwhile."""
        pool = self._pool_of(part)
        for _ in range(max(1, pool.size)):
            player = await leases.enter_async_context(pool.lease(LEASE_WAIT_S))
            if self._kept is None or not self._kept.needs_row(part.plan):
                return player, None
            lease = await self._kept.admit(part, turn, player)
            if lease is not None:
                return player, lease
        raise HarnessError(f"other processes play on all {pool.size} players of the pool {player.pool!r}")

    @asynccontextmanager
    async def _kept_open(
        self, lease: Lease | None, player: PlayerPlan
    ) -> AsyncIterator[tuple[Journal, list[RunEnded]]]:
        """The journal of one run, whose row is closed at the end of the block by how it ended; cut off where nobody knows."""
        ended: list[RunEnded] = []
        if self._kept is None:
            assert self._journal is not None
            yield self._journal, ended
            return
        try:
            yield self._kept.journal(lease), ended
        finally:
            if lease is not None:
                how = (
                    (ended[0].outcome, ended[0].reason, ended[0])
                    if ended
                    else (RunOutcome.ABORTED, "it was cut off", None)
                )
                await self._kept.end(lease, player, *how)

    async def _run(self, spec: RunSpec, journal: Journal) -> RunEnded:
        """Play one run. One that is cut off, or that breaks on our side, is told of and spoils no other run."""
        provoked = self._provoked.get(spec.cell.name)
        spec = spec if provoked is None else provoked.prepare(spec)
        machine = play(spec) if provoked is None else provoked.provoke(play(spec))
        try:
            return await self._drivers[spec.cell.name].run(machine, sink=self._sink, journal=journal)
        except asyncio.CancelledError:
            self._sink(_cut_off(spec, self._clock.monotonic_ns(), "it was cut off before its end"))
            raise
        except Exception as error:  # noqa: BLE001 - the other runs have money under way
            ended = _cut_off(spec, self._clock.monotonic_ns(), own_mistake(error))
            self._sink(ended)
            return ended

    def _pool_of(self, part: Part) -> PlayerPool:
        name = pool_name(part.plan, part.cell)
        return self._pools.get((part.cell.name, name)) or PlayerPool(f"{part.cell.name}/{name}", (), self._clock)

    def _not_played(self, turn: Turn, part: Part, scheduled_ns: int, reason: str) -> RunEnded:
        """A run that never began is told of, too: a missing run must not look like a healthy one."""
        nobody = PlayerPlan("", "", {}, {})
        spec = make_spec(
            part, turn, nobody, CellSecrets(), seed=self._seed, clock=self._clock, scheduled_ns=scheduled_ns
        )
        ended = RunEnded(spec.run_id, RunOutcome.ABORTED, Blame.HARNESS, reason, "", "", (), spec.mono_ns)
        self._sink(started_event(spec))
        self._sink(ended)
        return ended


def _cut_off(spec: RunSpec, at_ns: int, reason: str) -> RunEnded:
    """The end of a run that did not come to its own; the journal knows what it had moved."""
    return RunEnded(spec.run_id, RunOutcome.ABORTED, Blame.HARNESS, reason, "", "", (), at_ns)
