"""Claims about what the gate asks of its own worker: denser probes of a canary, and the SLO as the files have it now."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bench.schedule.project import write_project
from synthetic.cli.serving.gating import CoverageNow, DenserSuspects, PolicyNow
from synthetic.config.serving import load_serving
from synthetic.core.plan_serving import ServingPlan
from synthetic.gate.coverage import Coverage
from synthetic.gate.policy import Objective, Policy
from synthetic.runner.density import Denser, Purse
from synthetic.runner.timetable import Timetable
from synthetic.tests.rollouts.evidence import S, TestClock


@pytest.fixture
def plan(tmp_path: Path) -> ServingPlan:
    """Two probes a minute on a canary and its baseline, at most five times denser on suspicion."""
    serving = write_project(tmp_path, 1, probes=2, every_s=60.0, paired=True)
    serving.write_text(f"{serving.read_text()}density: {{factor: 5}}\n")
    return load_serving(serving)


def slots_of_two_minutes(plan: ServingPlan, suspected: str) -> int:
    """How many slots fall due after a suspicion of a cell that the judge's own thread has told."""
    clock = TestClock()
    timetable = Timetable({probe.name: probe.schedule for probe in plan.probes}, {}, clock.wall_ns())
    denser = Denser(lambda: plan, timetable, lambda _now: lambda _probe: Purse())

    async def tell() -> None:
        suspects = DenserSuspects(lambda: plan, denser, clock, asyncio.get_running_loop())
        await asyncio.to_thread(suspects.suspect, suspected, 120.0)
        await asyncio.sleep(0)

    asyncio.run(tell())
    return sum(len(timetable.tick(clock.wall_ns() + second * S).due) for second in range(1, 121))


def test_a_suspicion_of_a_canary_makes_its_probes_denser(plan: ServingPlan) -> None:
    """As far as the plan allows, and those of no other cell."""
    assert slots_of_two_minutes(plan, "nobody") == 4
    assert slots_of_two_minutes(plan, "canary") in range(18, 23)


def test_a_suspicion_that_comes_when_the_worker_has_ended_is_dropped(plan: ServingPlan) -> None:
    """The judge may be at it still."""
    loop = asyncio.new_event_loop()
    loop.close()
    denser = Denser(lambda: plan, Timetable({}, {}, 0), lambda _now: lambda _probe: Purse())
    DenserSuspects(lambda: plan, denser, TestClock(), loop).suspect("canary", 120.0)


def test_what_the_probes_are_to_show_is_what_their_rows_say(plan: ServingPlan) -> None:
    """A value that the cell has and nobody plays is told; it is found out once for each plan."""
    objective = Objective("by_number", "ping", 0.99, by="number")
    policy = Policy((objective, replace(objective, name="by_psp", by="psp"), replace(objective, name="all", by="")))
    plans = [plan]
    coverage = CoverageNow(lambda: plans[-1], lambda: policy)
    assert coverage("canary", "baseline").expected == {"by_number": frozenset({"0", "1"})}
    assert coverage("canary", "baseline") is coverage("canary", "baseline")
    assert coverage("baseline", "canary") == Coverage()
    row = {"psp": "psp-a"}
    cell = replace(plan.probes[0].cell, psps=("psp-a", "psp-b"))
    plans.append(replace(plan, probes=tuple(replace(probe, cell=cell, row=row) for probe in plan.probes)))
    assert coverage("canary", "baseline").expected == {"by_psp": frozenset({"psp-a"})}
    assert (
        coverage("canary", "baseline").told == "This says nothing of psp psp-b, which the cell has and no probe plays."
    )


def test_the_policy_follows_a_reload(plan: ServingPlan, tmp_path: Path) -> None:
    """It is read once for each plan, as judging asks for it every second."""
    plans = [plan]
    policy = PolicyNow(lambda: plans[-1])
    first = policy()
    assert policy() is first
    assert plan.gate is not None
    text = plan.gate.slo_text.replace("99.9 %", "99 %")
    plans.append(replace(plan, gate=replace(plan.gate, slo_text=text)))
    assert [objective.target for objective in first.objectives] == [0.999, 0.95, 0.999]
    assert [objective.target for objective in policy().objectives] == [0.99, 0.95, 0.99]
