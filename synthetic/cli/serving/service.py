"""A worker with everything around it that production needs, put together from the ground up and taken apart again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute

from synthetic.audit.chain import Chain
from synthetic.audit.log import AuditLog
from synthetic.audit.trail import AuditTrail
from synthetic.cli.by_hand import audited
from synthetic.cli.serving.calls import ServiceCalls
from synthetic.cli.serving.daily import Daily
from synthetic.cli.serving.drivers import Drivers
from synthetic.cli.serving.gating import Gating
from synthetic.cli.serving.gauges import Gauges
from synthetic.cli.serving.records import record_keeper
from synthetic.cli.serving.telling import Telling
from synthetic.cli.serving.unwell import Unwell
from synthetic.config.serving import secret_of
from synthetic.core.errors import JournalUnavailable, Mistake
from synthetic.core.events import RunEnded
from synthetic.core.machine import play
from synthetic.core.plan import RunSpec
from synthetic.core.plan_serving import ServingPlan
from synthetic.core.ports import EventSink
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.lag import LagMeter
from synthetic.journal.book import Book, open_book
from synthetic.journal.memory import MemoryJournal
from synthetic.journal.model import RunRow
from synthetic.journal.opened import POSTGRES, SQLITE
from synthetic.report.logs import RunnerLog
from synthetic.report.metrics import RunnerMetrics
from synthetic.report.metrics.probes import probes_of, series_of
from synthetic.report.store import DEFAULT_PATH
from synthetic.report.tracing import open_telemetry
from synthetic.runner.admission import Admission
from synthetic.runner.compensator import Compensator
from synthetic.runner.density import Denser
from synthetic.runner.dispatch.durable import DurableDispatch
from synthetic.runner.dispatch.port import Dispatch
from synthetic.runner.duty import Duty
from synthetic.runner.health_watch import HealthWatch
from synthetic.runner.identity import fresh_seed
from synthetic.runner.killswitch import KillSwitch
from synthetic.runner.outside import Outside
from synthetic.runner.policy import may_withdraw
from synthetic.runner.proofs import Proofs
from synthetic.runner.quiet import quiet_service
from synthetic.runner.reload import Reloader
from synthetic.runner.spec_again import SpecAgain
from synthetic.runner.spending import Spending
from synthetic.runner.worker import Worker
from synthetic.web.app import build_app
from synthetic.web.calls import Calls
from synthetic.web.gate.face import CONNECTIONS_MAX as GATE_CONNECTIONS_MAX
from synthetic.web.listening import CONNECTIONS_MAX, serving

LOOK_WHETHER_HOME_S = 0.2
DRAIN_S = 90.0  # how long the runs that go on at the end have to bring their money home
THREADS = 64
PROOFS_EVERY_S = 5.0
Load = Callable[[], ServingPlan]


Keeper = Callable[[], Coroutine[None, None, None]]
"""Something that is kept up to date for ever, until cancelled."""


@dataclass(slots=True)
class Service:
    """One worker in production, put together by `service_up`; `serve` is its life. `keepers` run beside its duty."""

    worker_name: str
    address: str
    book: Book
    switch: KillSwitch
    telling: Telling
    reloader: Reloader
    duty: Duty
    dispatch: Dispatch
    keepers: tuple[Keeper, ...]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self, why: str) -> None:
        """Begin no run any more, and end once what has begun is home. The second time: at once."""
        if self.stopping.is_set():
            raise KeyboardInterrupt
        self.switch.end(f"worker {self.worker_name}", why)
        self.stopping.set()

    async def serve(self) -> bool:
        """Be on duty until `stop`, then see everything home. False where runs had to be left to the next worker."""
        on_duty = [
            asyncio.ensure_future(part())
            for part in (self.duty.run, self.reloader.watch, self.switch.watch, *self.keepers)
        ]
        stopped = asyncio.ensure_future(self.stopping.wait())
        try:
            done, _ = await asyncio.wait([*on_duty, stopped], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                task.result()  # nothing on duty ends by itself: raise what ended it
        finally:
            await _ended([*on_duty, stopped])
        return await self._see_home()

    async def _see_home(self) -> bool:
        keeping = asyncio.ensure_future(self.duty.finish())
        try:
            drained = await self.dispatch.drain(DRAIN_S)
            async with asyncio.timeout(DRAIN_S):
                while self.duty.busy or await asyncio.to_thread(self._left) > 0:  # noqa: ASYNC110 - it is in the journal
                    await asyncio.sleep(LOOK_WHETHER_HOME_S)
        except TimeoutError:
            drained = False
        except JournalUnavailable as error:
            self.telling.journal(str(error))
            return False
        finally:
            await _ended([keeping])
        left = await asyncio.to_thread(self._left)
        if not left:
            await asyncio.to_thread(self.book.forget_worker, self.worker_name)
        self.telling.log.stopped(worker=self.worker_name, left=left)
        return drained and not left

    def _left(self) -> int:
        """How many runs are open that are ours, or that nobody holds: a run waits for its next recovery without a holder."""
        return sum(row.lease.worker in ("", self.worker_name) for row in self.book.open_runs())


async def _ended(tasks: Sequence[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def service_up(plan: ServingPlan, load: Load, worker_name: str) -> AsyncIterator[Service]:
    """Put a worker together. Raises SyntheticError for what can't be had: then nothing has begun."""
    # Each run blocks a thread while its intents become durable; many of them share a commit.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "synthetic-io"))
    with quiet_service() as set_loaded_aside:
        async with AsyncExitStack() as stack:
            service = await _Making(plan, load, worker_name, stack, set_loaded_aside).service()
            set_loaded_aside()
            yield service


@dataclass(slots=True)
class _Making:
    """How a service comes about, from the ground up; the stack takes it apart in the other order."""

    plan: ServingPlan
    load: Load
    name: str
    stack: AsyncExitStack
    set_loaded_aside: Callable[[], None]
    clock: SystemClock = field(default_factory=SystemClock)

    async def service(self) -> Service:
        database = secret_of(self.plan, self.plan.database)
        book = self.stack.enter_context(await asyncio.to_thread(open_book, database))
        lag = LagMeter(self.clock)
        audit = self.stack.enter_context(_audit_log(self.plan, self.name))
        watch = HealthWatch(
            self.clock,
            stall_s=lambda since, until: lag.longest_stall_ns(since, until) / 1e9,
            audit=lambda: audit.failed,
        )
        trail = AuditTrail(audit.note, f"worker:{self.name}")
        telling = Telling(RunnerMetrics(), watch, RunnerLog(), trail)
        records = record_keeper(Path(self.plan.audit).parent / DEFAULT_PATH, telling.log.records)
        telling.readers.append(self.stack.enter_context(records))
        gating = await Gating.opened(self.stack, self.plan, database, self.clock, telling)
        self._export(telling)
        drivers = Drivers(self.clock, lag)
        self.stack.push_async_callback(drivers.aclose)
        drivers.fit(self.plan.cells)
        telling.metrics.show(probes_of(self.plan), series_max=self.plan.limits.series_max)
        proofs = _proofs(self.plan, self.clock, drivers)
        reloader = Reloader(
            self.plan,
            self.load,
            Reloads(telling, proofs, self.set_loaded_aside),
            make_ready=lambda new: _make_ready(new, drivers),
        )
        switch = KillSwitch(
            book,
            self.clock,
            file=Path(self.plan.kill.file) if self.plan.kill.file else None,
            changed=telling.kill_changed,
        )
        seed = await asyncio.to_thread(book.seed)
        outside = Outside(book, self.clock, drivers, telling.sink, journal=audited(trail))
        worker = Worker(self.name, outside, seed, drivers.secrets, lease_s=self.plan.limits.lease_s)
        spending = Spending(lambda: reloader.plan, book)
        admission = Admission(
            plan=lambda: reloader.plan,
            clock=self.clock,
            proofs=proofs,
            killed=lambda: _killed_words(switch),
            unwell=Unwell(watch.distrust, lambda: audit.failed),
            unpaid=spending.refusal,
        )
        worker.fit, worker.may_begin = admission.fit, switch.require_off
        worker.at_once = lambda: reloader.plan.limits.at_once

        async def play_slot(probe: str, slot_ns: int) -> str:
            return await duty.play(probe, slot_ns)

        dispatch = DurableDispatch(ticks_url(database), self.name, play_slot)
        compensator = Compensator(
            outside,
            lambda row: _spec_again(reloader.plan, drivers, self.clock, row),
            telling.came_home,
            may_withdraw=lambda spec: may_withdraw(reloader.plan.policies, spec.cell, now_ns=self.clock.wall_ns()),
        )
        duty = Duty(
            worker, lambda: reloader.plan, dispatch, admission.refuse, compensator, telling, woke=telling.scheduler_woke
        )
        denser = Denser(lambda: reloader.plan, duty.pacer.timetable, spending.purses)
        calls = ServiceCalls(switch, denser, lambda: reloader.plan, self.clock, trail)
        token = secret_of(self.plan, self.plan.kill.token) if self.plan.kill.token else ""
        keep_gate, gate_routes = await _gate_up(gating, self.stack, reloader, denser, switch)
        app = build_app(
            metrics=telling.metrics,
            health=watch.health,
            calls=Calls(token, calls, calls, self.clock) if token else None,
            more=gate_routes,
        )
        connections_max = GATE_CONNECTIONS_MAX if gating is not None else CONNECTIONS_MAX
        address = await self.stack.enter_async_context(serving(app, *self.plan.listen, connections_max=connections_max))
        await asyncio.to_thread(switch.look)
        gauges = Gauges(
            book, lambda: reloader.plan, telling, lambda: switch.killed, worker, self.clock, spending, denser
        )
        daily = Daily(outside, lambda: reloader.plan, drivers, telling, self.name)
        lag.start()
        watch.begun()
        telling.metrics.config_reloaded(valid=True)
        telling.audit.config(self.plan.digest, accepted=True, what="started with it")
        telling.log.started(worker=self.name, listen=address, probes=len(self.plan.probes))
        keepers = (gauges.keep, daily.keep, _proofs_keeper(admission, reloader), *keep_gate)
        return Service(self.name, address, book, switch, telling, reloader, duty, dispatch, keepers)

    def _export(self, telling: Telling) -> None:
        endpoint = secret_of(self.plan, self.plan.otlp) if self.plan.otlp else ""
        telemetry = open_telemetry(telling.metrics, self.clock, endpoint=endpoint, told=telling.log.otlp)
        if telemetry is not None:
            telling.readers.append(telemetry.sink)
            self.stack.push_async_callback(asyncio.to_thread, telemetry.close)


@dataclass(frozen=True, slots=True)
class Reloads:
    """What follows from a new plan, or from one that is not valid (`runner.reload.ReloadNotes`)."""

    telling: Telling
    proofs: Proofs
    set_loaded_aside: Callable[[], None]

    def reloaded(self, old: ServingPlan, new: ServingPlan) -> None:
        """A new plan is in force: what was proved of the cells before says nothing of these."""
        self.proofs.forget()
        self.set_loaded_aside()
        self.telling.metrics.show(probes_of(new), series_max=new.limits.series_max)
        self.telling.metrics.config_reloaded(valid=True)
        self.telling.watch.config_is("")
        self.telling.log.reloaded(new.place.file, new.digest)
        self.telling.audit.config(new.digest, accepted=True, what=f"in place of {old.digest}")

    def not_reloaded(self, kept: ServingPlan, mistakes: tuple[Mistake, ...]) -> None:
        """The files are not valid as they are now."""
        problem = "; ".join(map(str, mistakes))
        self.telling.metrics.config_reloaded(valid=False)
        self.telling.watch.config_is(problem)
        self.telling.log.not_reloaded(kept.place.file, problem)
        self.telling.audit.config(kept.digest, accepted=False, what=problem)


async def _gate_up(
    gating: Gating | None, stack: AsyncExitStack, reloader: Reloader, denser: Denser, switch: KillSwitch
) -> tuple[tuple[Keeper, ...], Sequence[BaseRoute]]:
    if gating is None:
        return (), ()
    keep, routes = await gating.up(stack, lambda: reloader.plan, denser, lambda: _killed_words(switch))
    return (keep,), routes


def _make_ready(new: ServingPlan, drivers: Drivers) -> None:
    """What can still be wrong with a plan that was read. Raises SyntheticError, and then nothing has changed."""
    series_of(chain.from_iterable(probes_of(new).values()), series_max=new.limits.series_max)
    drivers.fit(new.cells)


def _proofs_keeper(admission: Admission, reloader: Reloader) -> Keeper:
    """Takes the proofs of a plan when it is new, and renews them before they run out, so that no run waits for one."""

    async def keep() -> None:
        proven = None
        while True:
            if proven is not reloader.plan:
                proven = reloader.plan
                await admission.prepare()
            await admission.proofs.renew()
            await asyncio.sleep(PROOFS_EVERY_S)

    return keep


def ticks_url(database: str) -> str:
    """Where DBOS keeps its ticks: beside a SQLite journal, in the same Postgres database otherwise."""
    if database.startswith(POSTGRES):
        return database
    path = Path(database.removeprefix(SQLITE))
    return f"{SQLITE}{path.with_name(f'{path.stem}.ticks{path.suffix}')}"


def _killed_words(switch: KillSwitch) -> str:
    kill = switch.killed
    return f"the kill switch is on, by {kill.by}: {kill.reason}" if kill else ""


def _audit_log(plan: ServingPlan, worker: str) -> AuditLog:
    return AuditLog(lambda: Chain(Path(plan.audit), worker))


def _spec_again(plan: ServingPlan, drivers: Drivers, clock: SystemClock, row: RunRow) -> RunSpec:
    return SpecAgain(plan.scenarios, plan.cells, drivers.secrets, clock)(row)


def _proofs(plan: ServingPlan, clock: SystemClock, drivers: Drivers) -> Proofs:
    nothing_moves = MemoryJournal()

    async def take(spec: RunSpec, sink: EventSink) -> RunEnded:
        return await drivers(spec.cell.name).run(play(spec), sink=sink, journal=nothing_moves)

    return Proofs(
        limits=plan.limits,
        clock=clock,
        play=take,
        secrets_of=lambda cell: drivers.secrets[cell.name],
        seed=fresh_seed(),
    )
