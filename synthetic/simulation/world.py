"""The world of one seed: the platform, the network, the database and the lives of all workers, on one virtual loop."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import Any

from synthetic.journal.book import Book
from synthetic.journal.schema import prepare
from synthetic.simulation.api import Asked
from synthetic.simulation.clocks import VirtualClock
from synthetic.simulation.database import Disk, Reach, SimulatedDatabase
from synthetic.simulation.evidence import LookedUp, Sent
from synthetic.simulation.fates import TROUBLED_S, Birth, SeedPlan, Span
from synthetic.simulation.history import History
from synthetic.simulation.lives import LIFE, Dead, Fate, Life, note_birth
from synthetic.simulation.network import NetFault, Network, Troubles
from synthetic.simulation.observed_book import ObservedBook
from synthetic.simulation.platform import Platform, Weather
from synthetic.simulation.schedule import ACCOUNTS
from synthetic.simulation.virtual_loop import VirtualLoop

HOSTS = ("canary.simulated", "baseline.simulated")
Main = Callable[["World", Life], Coroutine[None, None, None]]
"""What a worker's process does from its start on."""


@dataclass
class World:
    """Everything around the workers. `main` is what each of their lives runs."""

    plan: SeedPlan
    main: Main
    disk: Disk = field(init=False)
    chance: random.Random = field(init=False)
    loop: VirtualLoop = field(init=False)
    clock: VirtualClock = field(init=False)
    history: History = field(init=False)
    platform: Platform = field(init=False)
    troubles: Troubles = field(init=False)
    network: Network = field(init=False)
    lives: list[Life] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    looked_up: list[LookedUp] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Put it together; nothing begins yet."""
        plan = self.plan
        self.disk = Disk()
        prepare(SimulatedDatabase(self.disk))
        self.chance = random.Random(f"world {plan.seed}")  # noqa: S311 - it has to be the same each time
        self.loop = VirtualLoop(io_takes_s=self._io_takes_s, born=note_birth)
        self.loop.set_exception_handler(self._unheard)
        self.clock = VirtualClock(self.loop)
        self.history = History(self.loop.now_ns)
        weather = Weather(plan.settles_s, plan.decline_rate, lambda: self._within(plan.psp_down))
        self.platform = Platform(self.loop.now_ns, self.loop.call_later, self.chance, ACCOUNTS, weather)
        self.troubles = Troubles(self.chance, self._fault_rate, lambda: self._within(plan.lookups_down))
        self.network = Network(self.loop, dict.fromkeys(HOSTS, self.platform), self.chance, self._trouble)
        self.auditor = Book(SimulatedDatabase(self.disk), self.clock.wall_ns)

    @property
    def troubled(self) -> bool:
        """Whether things still go wrong, and probes play."""
        return self.loop.time() < TROUBLED_S

    @property
    def settled(self) -> bool:
        """Whether no run is open or stranded, no request is under way, and nothing is pending at the platform."""
        if self.network.under_way or any(payment.is_pending for payment in self.platform.payments):
            return False
        return not (self.auditor.open_runs() or self.auditor.stranded_runs())

    def begin(self) -> None:
        """Let the workers' first lives begin in their time, and the kill switch be thrown in its."""
        for birth in self.plan.births:
            self.loop.call_later(birth.at_s, self._bear, birth, list(birth.fates))
        if self.plan.killed is not None:
            self.loop.call_later(self.plan.killed.start_s, self._operate, "kill")
            self.loop.call_later(self.plan.killed.end_s, self._operate, "resume")

    def end(self) -> None:
        """End every life, and take its tasks off the loop. What a task of a life has raised unheard is a failure."""
        for life in self.lives:
            for task in life.tasks:
                if task.done() and getattr(task, "_log_traceback", False) and not isinstance(task.exception(), Dead):
                    self.failures.append((self.loop.now_ns(), life.name, f"nobody heard of {task.exception()!r}"))
        for life in self.lives:
            life.dead = True
            life.bury()
        self.loop.run_until_complete(asyncio.sleep(0.001))
        self.loop.close()
        self.disk.close()

    def reach(self) -> Reach:
        """How the connection to the database is at this moment."""
        if self._within(self.plan.database_down):
            return Reach.DOWN
        if self.troubled and self.plan.cut_rate and self.chance.random() < self.plan.cut_rate:
            self.counts["commits cut"] += 1
            return Reach.CUT_BEHIND_COMMIT
        return Reach.UP

    def _bear(self, birth: Birth, fates: list[Fate]) -> None:
        number = 1 + sum(life.worker == birth.worker for life in self.lives)
        fate = fates.pop(0) if fates else Fate()
        if not self.troubled:  # a clock that is ahead may put a run off for as long as it is
            fate = replace(fate, skew_s=0.0, jump_s=0.0)
        life = Life(birth.worker, number, fate, self.loop, lambda life, why: self._died(life, why, birth, fates))
        life.born_s = self.loop.time()
        self.lives.append(life)
        self.history.note(life.name, "starts")
        if fate.dies_s:
            self.loop.call_later(fate.dies_s, life.end, "at an instant")
        if fate.pause_at:
            self.counts["pauses"] += 1
        copy_context().run(self._run, life)

    def _run(self, life: Life) -> None:
        LIFE.set(life)
        self.loop.create_task(self._until_dead(life), name=life.name)

    def _died(self, life: Life, why: str, birth: Birth, fates: list[Fate]) -> None:
        self.counts["crashes"] += 1
        self.history.note(life.name, f"is killed {why}")
        self.loop.call_later(birth.away_s, self._bear, birth, fates)

    def _operate(self, what: str) -> None:
        """Somebody throws the kill switch, or sets it back, from outside."""
        book = self.operator()
        if what == "kill":
            book.kill("operator", "simulation")
        else:
            book.resume("operator")

    def operator(self) -> Book:
        """The book as somebody has it who is no worker."""
        return ObservedBook(SimulatedDatabase(self.disk), self.clock.wall_ns, self.history)

    def _io_takes_s(self) -> float:
        """How long a call off the loop takes; one of a process that stands still begins when it goes on."""
        life = LIFE.get()
        asleep_s = life.awake_at_s - self.loop.time() if life is not None else 0.0
        return max(0.0, asleep_s) + self.chance.uniform(0.0005, 0.01)

    def _within(self, spans: Iterable[Span]) -> bool:
        now_s = self.loop.time()
        return any(span.holds(now_s) for span in spans)

    def _fault_rate(self) -> float:
        return self.plan.fault_rate if self.troubled else 0.0

    def _trouble(self, asked: Asked) -> NetFault | None:
        """The fault of a request; that it leaves is noted, and whether its intent is durable by now."""
        fault = self.troubles(asked)
        if asked.is_lookup:
            self.looked_up.append(LookedUp(self.loop.now_ns(), asked.sender, asked.key))
        if asked.moves_money:
            key, run_id = asked.key, asked.headers.get("x-synthetic-run", "")
            undoes = asked.target.endswith("/undo")
            durable = undoes or any(entry.intent.key == key for entry in self.auditor.effects_of(run_id))
            self.sent.append(Sent(self.loop.now_ns(), asked.sender, run_id, key, durable, undoes))
            self.history.note(asked.sender, f"sends {asked.target} {run_id} {key} {fault or ''}".rstrip())
        return fault

    def _unheard(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """An exception that nobody waited for: of a dead process it says nothing, else it is told, and judged."""
        error = context.get("exception")
        if not isinstance(error, Dead):
            self.failures.append((self.loop.now_ns(), "nobody", f"{context['message']}: {error!r}"))

    async def _until_dead(self, life: Life) -> None:
        """A process that ends by itself has failed; whoever looks after it starts it again."""
        try:
            await self.main(self, life)
        except Dead:
            return
        except Exception as error:  # noqa: BLE001 - it is told, and judged
            self.failures.append((self.loop.now_ns(), life.name, repr(error)))
            life.end(f"by its own mistake: {error!r}")
