"""The laws of a platform as the harness knows them: scenarios that call a mutated operation, judged by every check there is."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from bench.blame.cases import rows_at
from bench.mutations.hop import hop_to
from bench.mutations.judging import Said
from bench.mutations.mutants import Mutant
from synthetic.cli.project import Sources, open_project
from synthetic.core.checks import CHECKS
from synthetic.core.events import CheckJudged, Event
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import CellPlan, ScenarioPlan
from synthetic.journal.memory import MemoryJournal
from synthetic.reference.world.world import World
from synthetic.runner.session import Session
from synthetic.runner.specs import Part, Turn

SCENARIOS_MAX = 6
_NUMBERS = count(1)
_OPERATION = re.compile(r"[a-z_]+\.[a-z_0-9]+")
_ONCE = ("auth.login_2fa", "auth.answer")
_BAD = (RunOutcome.FAILED, RunOutcome.ABORTED)


class SpoiltError(Exception):
    """The platform was left in a state in which a scenario fails by itself."""


@dataclass(frozen=True, slots=True)
class Journeys:
    """The shipped scenarios on the cell of a world."""

    cell: CellPlan
    scenarios: Mapping[str, ScenarioPlan]

    def judge(self, mutant: Mutant, seed: int) -> Said:
        """Play the shortest scenarios that call what is mutated, until one fails or a check accuses.

        Raises SpoiltError where the healthy platform then fails that scenario, too: what a mutant has broken stays broken.
        """
        with hop_to(self.cell.endpoints["api"], mutant.rig.change) as (url, hop):
            cell = replace(self.cell, endpoints={**self.cell.endpoints, "api": url})
            for plan in self._that_call(mutant):
                before = hop.acted
                found = asyncio.run(_failure(plan, cell, seed))
                if found and asyncio.run(_failure(plan, self.cell, seed)):
                    raise SpoiltError(plan.name)
                if found and hop.acted > before:
                    return Said(killed=True, acted=hop.acted, sentence=f"{plan.name}: {found}")
            return Said(killed=False, acted=hop.acted, sentence="")

    def _that_call(self, mutant: Mutant) -> list[ScenarioPlan]:
        called = {name for description in mutant.seen_by for name in _OPERATION.findall(description)[:1]}
        plans = [plan for plan in self.scenarios.values() if called & {step.operation.name for step in plan.steps}]
        # A one-time code works once in half a minute: who signs in with one can't be played again and again.
        again = [plan for plan in plans if not any(step.operation.name in _ONCE for step in plan.steps)]
        return sorted(again, key=lambda plan: (len(plan.steps), plan.name))[:SCENARIOS_MAX]


@contextmanager
def journeys(world: World) -> Iterator[Journeys]:
    """Those of a running world."""
    with tempfile.TemporaryDirectory(prefix="synthetic-") as folder:
        file = Path(folder) / "cells.yaml"
        world.write_cells(file)
        project = open_project(Sources.shipped(file))
        cell = next(iter(project.cells.values()))
        yield Journeys(cell, {name: linked[cell.platform] for name, linked in project.scenarios.items()})


async def _failure(plan: ScenarioPlan, cell: CellPlan, seed: int) -> str:
    """What goes wrong in one run, judged by every check; "" where nothing does."""
    accused: list[str] = []

    def take(event: Event) -> None:
        if isinstance(event, CheckJudged) and event.held is False:
            accused.append(f"{event.name}: {event.message}")

    judged = replace(plan, checks=tuple(CHECKS))
    async with Session([cell], seed=seed, sink=take, journal=MemoryJournal()) as session:
        row = rows_at(judged, cell, "")[0]
        ended = (await session.play_turn(Turn((Part(judged, cell),), row, next(_NUMBERS))))[0]
    if not accused and ended.outcome not in _BAD:
        return ""
    return accused[0] if accused else ended.reason
