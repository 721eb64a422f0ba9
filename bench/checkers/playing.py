"""Runs on a running platform, judged by every check there is: healthy ones, and ones with a planted bug."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from bench.blame.cases import Row, healthy, rows_at
from bench.checkers.laws import INVARIANTS, Broken, planted_for
from synthetic.core.checks import CHECKS
from synthetic.core.events import CheckJudged, Event, RunEnded
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import CellPlan, ScenarioPlan
from synthetic.journal.memory import MemoryJournal
from synthetic.reference.catalogue import Fault
from synthetic.reference.throwing import Switches
from synthetic.runner.provoked import PROVOCATIONS
from synthetic.runner.session import Session
from synthetic.runner.specs import Part, Turn

RUNS_PER_CELL = 2
OCCASIONS_MAX = 3


@dataclass(slots=True)
class Verdicts:
    """What the checks have said of healthy runs. `alarms`: what they found, as a line each; `ends`: how the runs ended."""

    held: Counter[str] = field(default_factory=Counter)
    undecided: Counter[str] = field(default_factory=Counter)
    alarms: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)

    @property
    def runs(self) -> int:
        """How many histories were judged."""
        return self.ends.total()

    def add(self, plan: ScenarioPlan, ended: RunEnded, judged: Sequence[CheckJudged]) -> None:
        """Count one run."""
        self.ends[str(ended.outcome)] += 1
        for one in judged:
            if one.held is None:
                self.undecided[one.name] += 1
            elif one.held:
                self.held[one.name] += 1
            else:
                told = " | ".join((one.message, *one.evidence))
                self.alarms.append(f"{one.name} on {plan.name} ({ended.run_id}): {told}")
        if ended.outcome is RunOutcome.FAILED:
            self.alarms.append(f"{plan.name} ({ended.run_id}) failed: {ended.reason}")


Tell = Callable[[str], None]


class Platform:
    """The runs of one session on the cells of one platform. Use as `async with`."""

    def __init__(self, cells: Sequence[CellPlan], scenarios: Mapping[str, ScenarioPlan], seed: int) -> None:
        self.cells = cells
        self.scenarios = {name: replace(plan, checks=tuple(CHECKS)) for name, plan in scenarios.items()}
        self._judged: dict[str, list[CheckJudged]] = {}
        self._numbers = count(1)
        # What it costs to be durable is no question here.
        self._session = Session(cells, seed=seed, sink=self._take, journal=MemoryJournal())

    async def __aenter__(self) -> Platform:
        await self._session.__aenter__()
        return self

    async def __aexit__(self, *how: object) -> None:
        await self._session.__aexit__(None, None, None)

    async def play_healthy(self, runs: int, tell: Tell) -> Verdicts:
        """So many runs over all rows of all scenarios in turn, several cells at a time."""
        waiting = list(reversed(healthy(list(self.scenarios.values()), self.cells[0], runs)))
        verdicts = Verdicts()

        async def work(cell: CellPlan) -> None:
            while waiting:
                plan, row = waiting.pop()
                ended = await self._run(plan, row, cell)
                verdicts.add(plan, ended, self._of(ended))
                tell(f"{verdicts.runs} healthy runs, {len(verdicts.alarms)} alarms")

        async with asyncio.TaskGroup() as group:
            for cell in self.cells:
                for _ in range(RUNS_PER_CELL):
                    group.create_task(work(cell))
        return verdicts

    async def play_planted(self, tell: Tell) -> list[Broken]:
        """Every bug of the catalogue that a check has to catch, each on a cell of its own for one run."""
        waiting = [(number, planted) for number in INVARIANTS for planted in planted_for(number)]
        broken: list[Broken] = []

        async def work(cell: CellPlan) -> None:
            while waiting:
                number, planted = waiting.pop(0)
                broken.append(await self._planted(number, planted, cell))
                tell(f"{len(broken)} planted bugs; last {planted.name}")

        async with asyncio.TaskGroup() as group:
            for cell in self.cells:
                group.create_task(work(cell))
        return broken

    async def _planted(self, number: int, planted: Fault, cell: CellPlan) -> Broken:
        """Play until its check has found it, at most a few times: some bugs need an occasion, or a frame that comes in time."""
        plan, place = self.scenarios[planted.scenario], planted.where()[0]
        rows, found = rows_at(plan, cell, place), set[str]()
        async with Switches(cell.name, cell.endpoints) as switches:
            await switches.throw(planted, place)
            try:
                self._session.provoke(cell.name, PROVOCATIONS[planted.provoke] if planted.provoke else None)
                for turn in range(OCCASIONS_MAX):
                    ended = await self._run(plan, rows[turn % len(rows)], cell)
                    found = {one.name for one in self._of(ended) if one.held is False}
                    if planted.caught_by in found:
                        break
            finally:
                self._session.provoke(cell.name, None)
                await switches.reset(planted, place)
        return Broken(number, planted.caught_by, planted.name, planted.caught_by in found, planted=True)

    async def _run(self, plan: ScenarioPlan, row: Row, cell: CellPlan) -> RunEnded:
        turn = Turn((Part(plan, cell),), row, next(self._numbers))
        return (await self._session.play_turn(turn))[0]

    def _take(self, event: Event) -> None:
        if isinstance(event, CheckJudged) and event.name in CHECKS:
            self._judged.setdefault(event.run_id, []).append(event)

    def _of(self, ended: RunEnded) -> list[CheckJudged]:
        return self._judged.pop(ended.run_id, [])
