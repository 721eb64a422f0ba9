"""What a worker's process does in the simulation: the runner's own `Duty`, `Worker` and `Compensator`, as `serve` runs them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cache
from ssl import SSLContext

from synthetic.config.cell_secrets import CellSecrets
from synthetic.core.errors import JournalUnavailable
from synthetic.core.events import Event, RunEnded, UndoEnded
from synthetic.core.plan import RunSpec
from synthetic.core.plan_serving import ProbePlan
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.tls import client_context
from synthetic.journal.model import Lease, RunRow
from synthetic.runner.compensator import Compensator, Homecoming, Patience
from synthetic.runner.dispatch.direct import DirectDispatch
from synthetic.runner.duty import Duty
from synthetic.runner.outside import Outside
from synthetic.runner.policy import Refusal
from synthetic.runner.specs import Part, Turn, make_spec
from synthetic.runner.worker import Worker
from synthetic.simulation.clocks import NoLag
from synthetic.simulation.database import SimulatedDatabase
from synthetic.simulation.fates import TROUBLED_S
from synthetic.simulation.history import History
from synthetic.simulation.lives import Life
from synthetic.simulation.observed_book import ObservedBook
from synthetic.simulation.schedule import PLATFORM, Served, served
from synthetic.simulation.world import World

# Short, so that runs are stranded and come home again within a seed.
PATIENCE = Patience(first_s=1.0, factor=1.5, most_s=5.0, tries=5, slow_s=8.0)


async def live(world: World, life: Life) -> None:
    """The main task of one life: on duty while probes play, then only at bringing home what is open."""
    duty = _duty(world, life)
    try:
        if not world.troubled:
            await duty.begin()
        else:
            await _on_duty(duty, TROUBLED_S - world.loop.time())
    except JournalUnavailable as error:  # a process that finds no journal ends, and is started again
        life.end(f"by itself: {error}")
        return
    await duty.finish()


async def _on_duty(duty: Duty, for_s: float) -> None:
    on_duty = asyncio.ensure_future(duty.run())
    ended, _ = await asyncio.wait([on_duty], timeout=for_s)
    if ended:
        on_duty.result()
    on_duty.cancel()
    await asyncio.wait([on_duty])


def _duty(world: World, life: Life) -> Duty:
    """A worker on duty, with everything that one process has of its own."""
    plan = world.plan
    around = served(plan.players, plan.probes, plan.caps)
    book = ObservedBook(SimulatedDatabase(world.disk, world.reach), world.clock.wall_ns, world.history)
    drivers = {
        cell.name: AsyncDriver(
            allow=cell.allow, tls=_tls(), clock=world.clock, lag=NoLag(world.clock), carrier=world.network
        )
        for cell in around.cells.values()
    }
    ear = Ear(world.history, life)
    outside = Outside(book, world.clock, drivers.__getitem__, ear.hear)
    worker = Worker(life.worker, outside, plan.seed, {name: CellSecrets() for name in around.cells}, plan.lease_s)

    async def play(probe: str, slot_ns: int) -> str:
        return await duty.play(probe, slot_ns)

    compensator = Compensator(outside, SpecMaker(around, world).spec_for, ear.home, PATIENCE)
    duty = Duty(worker, lambda: around.plan, DirectDispatch(play), _refuse_nothing, compensator, ear)
    return duty


@cache
def _tls() -> SSLContext:
    return client_context("")


async def _refuse_nothing(_probe: ProbePlan, _slot_ns: int) -> Refusal | None:
    """Whether a probe may be played is decided from files and clocks; here only the journal itself may refuse."""
    return None


@dataclass(frozen=True, slots=True)
class SpecMaker:
    """Specifies a run again, from its row in the journal."""

    around: Served
    world: World

    def spec_for(self, row: RunRow) -> RunSpec:
        """The spec of the run as it would be played now."""
        run = row.run
        part = Part(self.around.plan.scenarios[run.scenario][PLATFORM], self.around.cells[run.cell])
        player = next(player for player in part.cell.players if player.id == row.player)
        turn = Turn((part,), run.row, run.number, run.pair)
        clock = self.world.clock
        return make_spec(
            part, turn, player, CellSecrets(), seed=run.seed, clock=clock, scheduled_ns=clock.monotonic_ns()
        )


@dataclass(frozen=True, slots=True)
class Ear:
    """Hears what a worker tells (`runner.duty.Notes`, a sink of events), and puts what matters for its money into the history."""

    history: History
    life: Life

    def hear(self, event: Event) -> None:
        """An event of a run."""
        self.life.check()
        match event:
            case RunEnded():
                self._note(f"run {event.run_id} {event.outcome} {event.reason}")
            case UndoEnded():
                self._note(f"undo {event.run_id} {event.step}: {event.result}, {event.reason}")
            case _:
                return

    def home(self, home: Homecoming) -> None:
        """A recovery has ended."""
        self._note(home.sentence)

    def slot_due(self, probe: str, lag_s: float) -> None:
        """A slot was played: its runs are in the history."""

    def slot_missed(self, probe: str, slot_ns: int, word: str, why: str) -> None:
        """A slot was not played."""
        self._note(f"missed {probe} {slot_ns}: {word} {why}".rstrip())

    def took_over(self, row: RunRow, lease: Lease) -> None:
        """The book tells it, too."""

    def not_recovered(self, run_id: str, error: str) -> None:
        """A recovery has broken."""
        self._note(f"recovery of {run_id} broke: {error}")

    def journal(self, error: str) -> None:
        """Whether the journal can be used."""
        if error:
            self._note(f"has no journal: {error}")

    def _note(self, what: str) -> None:
        self.history.note(self.life.name, what)
