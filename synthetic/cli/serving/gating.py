"""The gate of `synthetic serve`: it keeps what the worker's runs show, judges rollouts, and answers controllers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from synthetic.cli.gate.notes import GateNotes
from synthetic.cli.gate.runs import record_from
from synthetic.cli.serving.telling import Telling
from synthetic.config.serving import secret_of
from synthetic.config.serving_gate import coverage_of, policy_of
from synthetic.core.plan_serving import GatePlan, ServingPlan
from synthetic.core.ports import Clock
from synthetic.gate.coverage import Coverage
from synthetic.gate.observing import ObservationFold
from synthetic.gate.policy import Policy
from synthetic.report.store import DEFAULT_PATH
from synthetic.rollouts.desk import Desk
from synthetic.rollouts.judge import Judge
from synthetic.rollouts.keeper import ObservationKeeper
from synthetic.rollouts.schema import beside
from synthetic.rollouts.store import Store, open_store
from synthetic.runner.density import Denser
from synthetic.web.gate.cells import Cells
from synthetic.web.gate.face import CONNECTIONS_MAX, face_of
from synthetic.web.gate.health import Surroundings
from synthetic.web.listening import MutualTls, serving

Plan = Callable[[], ServingPlan]
Keeper = Callable[[], Coroutine[None, None, None]]


@dataclass(slots=True)
class Gating:
    """The gate of one worker. `opened` before anything is played, `up` once everybody is there whom it asks."""

    store: Store
    plan: ServingPlan
    clock: Clock
    telling: Telling

    @classmethod
    async def opened(
        cls, stack: AsyncExitStack, plan: ServingPlan, database: str, clock: Clock, telling: Telling
    ) -> Gating | None:
        """Open the store and keep what runs show from now on; None where the plan has no gate. Raises HarnessError."""
        if plan.gate is None:
            return None
        store = stack.enter_context(await asyncio.to_thread(open_store, beside(database)))
        keeper = ObservationKeeper(store, ObservationFold(), clock, telling.log.gate)
        telling.readers.append(stack.enter_context(keeper))
        return cls(store, plan, clock, telling)

    async def up(
        self, stack: AsyncExitStack, plan: Plan, denser: Denser, killed: Callable[[], str]
    ) -> tuple[Keeper, list[BaseRoute]]:
        """What is kept up to date for ever, and the routes that the runner's own app serves: none where the gate has its own.

        Raises HarnessError.
        """
        gate = self.plan.gate
        assert gate is not None, "opened with one"
        suspects = DenserSuspects(plan, denser, self.clock, asyncio.get_running_loop())
        policy = PolicyNow(plan)
        judge = Judge(self.store, policy, self.clock, self.telling.audit, suspects, CoverageNow(plan, policy))
        desk = Desk(judge, self.clock, GateNotes(self.telling.metrics.gate, self.telling.log))
        self.telling.metrics.gate.begin()
        records = Path(self.plan.audit).parent / DEFAULT_PATH
        routes = face_of(
            desk,
            self.clock,
            token=secret_of(self.plan, gate.token) if gate.token else "",
            polls_a_minute=gate.polls_a_minute,
            cells=Cells(lambda: frozenset(plan().cells), lambda: _pairs(plan())),
            around=Surroundings(lambda: [words] if (words := killed()) else [], record_from(records), gate.trace_url),
        )
        if gate.listen is None:
            return desk.keep, [*routes]
        app, tls = Starlette(routes=routes), _tls(gate)
        address = await stack.enter_async_context(serving(app, *gate.listen, tls=tls, connections_max=CONNECTIONS_MAX))
        self.telling.log.gate_listens(address)
        return desk.keep, []


def _pairs(plan: ServingPlan) -> frozenset[tuple[str, str]]:
    return frozenset((probe.cell.name, probe.baseline.name) for probe in plan.probes if probe.baseline is not None)


def _tls(gate: GatePlan) -> MutualTls | None:
    return MutualTls(gate.mtls.certificate, gate.mtls.key, gate.mtls.client_ca) if gate.mtls else None


@dataclass(slots=True)
class PolicyNow:
    """The policy of the plan as it is now, read once for each plan."""

    plan: Plan
    _of: GatePlan | None = None
    _policy: Policy | None = field(default=None)

    def __call__(self) -> Policy:
        """As the SLO stood when the plan was made."""
        gate = self.plan().gate
        assert gate is not None, "a reload does not take the gate away"
        if self._policy is None or gate is not self._of:
            self._policy, self._of = policy_of(gate), gate
        return self._policy


@dataclass(slots=True)
class CoverageNow:
    """What the probes of the plan as it is now are to show, found out once for each plan and pair of cells."""

    plan: Plan
    policy: Callable[[], Policy]
    _of: ServingPlan | None = None
    _known: dict[tuple[str, str], Coverage] = field(default_factory=dict)

    def __call__(self, cell: str, baseline: str) -> Coverage:
        """Of a canary beside its baseline."""
        plan = self.plan()
        if plan is not self._of:
            self._of, self._known = plan, {}
        if (cell, baseline) not in self._known:
            self._known[cell, baseline] = coverage_of(self.policy(), plan, cell, baseline)
        return self._known[cell, baseline]


@dataclass(frozen=True, slots=True)
class DenserSuspects:
    """`rollouts.judge.Suspects` of a worker: the probes of a cell are played denser, as far as the day's budget carries it."""

    plan: Plan
    denser: Denser
    clock: Clock
    loop: asyncio.AbstractEventLoop

    def suspect(self, cell: str, for_s: float) -> None:
        """From any thread; the timetable is the event loop's."""
        with suppress(RuntimeError):  # the loop has ended while the judge was at it
            self.loop.call_soon_threadsafe(self._suspect, cell, for_s)

    def _suspect(self, cell: str, for_s: float) -> None:
        now_ns = self.clock.wall_ns()
        suspected = [
            probe.name for probe in self.plan().probes if probe.cell.name == cell and probe.baseline is not None
        ]
        self.denser.suspect(suspected, now_ns + round(for_s * 1e9), now_ns)
