"""Playing cases: several cells at a time, each with one fault and one run at a time, so that it is known which run met it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import count

from bench.blame.cases import Case, Row, rows_at
from synthetic.core.errors import HarnessError
from synthetic.core.events import RunEnded
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import CellPlan, ScenarioPlan
from synthetic.reference.throwing import Switches
from synthetic.runner.provoked import PROVOCATIONS
from synthetic.runner.session import Session
from synthetic.runner.specs import Part, Turn


@dataclass(frozen=True, slots=True)
class Observed:
    """One run: what was true of it (`""`: nothing was broken) and what the harness reported (`ok`: nothing)."""

    case: str
    rate: float
    true: str
    reported: str
    run_id: str
    scenario: str
    row: str
    outcome: str
    sentence: str

    @property
    def detected(self) -> bool:
        """Whether the harness noticed anything."""
        return self.reported != "ok"


Tell = Callable[[Observed], None]
Healthy = tuple[ScenarioPlan, Row]
Job = Callable[[CellPlan], Awaitable[list[Observed]]]


class Player:
    """Plays everything with one session."""

    def __init__(
        self, session: Session, cells: Sequence[CellPlan], scenarios: dict[str, ScenarioPlan], seed: int, tell: Tell
    ) -> None:
        self._session = session
        self._cells = cells
        self._scenarios = scenarios
        self._random = random.Random(seed)
        self._tell = tell
        self._numbers = count(1)

    async def play(self, cases: Sequence[Case], healthy: Sequence[Healthy]) -> list[Observed]:
        """Healthy runs first, then every case, then as many healthy ones again: nothing of a fault may stay behind."""
        half = len(healthy) // 2
        before = await self._on_all_cells([self._healthy(one) for one in healthy[:half]])
        during = await self._on_all_cells([self._case(case) for case in cases])
        after = await self._on_all_cells([self._healthy(one) for one in healthy[half:]])
        return [*before, *during, *after]

    async def _on_all_cells(self, jobs: Sequence[Job]) -> list[Observed]:
        waiting = list(reversed(jobs))
        observed: list[Observed] = []

        async def work(cell: CellPlan) -> None:
            while waiting:
                observed.extend(await waiting.pop()(cell))

        async with asyncio.TaskGroup() as group:
            for cell in self._cells:
                group.create_task(work(cell))
        return observed

    def _healthy(self, one: Healthy) -> Job:
        async def job(cell: CellPlan) -> list[Observed]:
            plan, row = one
            return [self._observe("healthy", 0.0, "", plan, row, await self._run(plan, row, cell))]

        return job

    def _case(self, case: Case) -> Job:
        async def job(cell: CellPlan) -> list[Observed]:
            plan = self._scenarios[case.fault.scenario]
            rows = rows_at(plan, cell, case.place)
            played = [rows[number % len(rows)] for number in range(case.runs)]
            return await (self._provoked if case.fault.provoke else self._thrown)(case, cell, plan, played)

        return job

    async def _thrown(self, case: Case, cell: CellPlan, plan: ScenarioPlan, rows: Sequence[Row]) -> list[Observed]:
        """A fault of the platform: whether it has happened in a run is what its switch has counted meanwhile."""
        observed = []
        async with Switches(cell.name, cell.endpoints) as switches:
            await switches.throw(case.fault, case.place, rate=case.rate)
            try:
                for row in rows:
                    before = await switches.acted(case.fault, case.place)
                    ended = await self._run(plan, row, cell)
                    true = case.fault.blame if await switches.acted(case.fault, case.place) > before else ""
                    observed.append(self._observe(str(case), case.rate, true, plan, row, ended))
            finally:
                await switches.reset(case.fault, case.place)
        return observed

    async def _provoked(self, case: Case, cell: CellPlan, plan: ScenarioPlan, rows: Sequence[Row]) -> list[Observed]:
        """A fault of our own: thrown or not, run by run."""
        observed = []
        for row in rows:
            acts = self._random.random() < case.rate
            self._session.provoke(cell.name, PROVOCATIONS[case.fault.provoke] if acts else None)
            ended = await self._run(plan, row, cell)
            observed.append(self._observe(str(case), case.rate, case.fault.blame if acts else "", plan, row, ended))
        self._session.provoke(cell.name, None)
        return observed

    async def _run(self, plan: ScenarioPlan, row: Row, cell: CellPlan) -> RunEnded:
        ended = await self._session.play_turn(Turn((Part(plan, cell),), row, next(self._numbers)))
        if ended[0].failed_step == ended[0].failed_check == "" and "no free player" in ended[0].reason:
            raise HarnessError(ended[0].reason)  # nothing was played: that is no observation
        return ended[0]

    def _observe(self, case: str, rate: float, true: str, plan: ScenarioPlan, row: Row, ended: RunEnded) -> Observed:
        observed = Observed(
            case=case,
            rate=rate,
            true=true,
            reported="ok" if ended.outcome is RunOutcome.OK else str(ended.blame),
            run_id=ended.run_id,
            scenario=plan.name,
            row=" ".join(row.values()),
            outcome=str(ended.outcome),
            sentence=ended.attribution or ended.reason,
        )
        self._tell(observed)
        return observed
