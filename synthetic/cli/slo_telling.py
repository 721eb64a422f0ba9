"""An SLO told in a few lines: what is promised, what a verdict takes, and what the probes of a serve file make of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from synthetic.config.serving_gate import pairs_within
from synthetic.config.slo_writing import duration, hard_stop_line, objective_line
from synthetic.core.plan_serving import ServingPlan
from synthetic.gate.counts import Counts, Evidence, Stream
from synthetic.gate.policy import Objective, Policy
from synthetic.gate.weighing import weigh


def tell_policy(policy: Policy) -> Iterator[str]:
    """Objectives, hard stops, and what a rollback and a pass take."""
    for objective in policy.objectives:
        yield f"objective  {objective_line(objective)[1:-1]}"
    for stop in policy.hard_stops:
        yield f"hard stop  {hard_stop_line(stop)[1:-1]}"
    yield f"a rollback takes {policy.consecutive} ticks of {duration(policy.tick_s)} in a row"
    yield f"a pass takes {duration(policy.window_s)} of watching, and {policy.pairs_min} pairs or more"


def tell_paces(policy: Policy, plan: ServingPlan) -> Iterator[str]:
    """How dense probes become on suspicion; for each canary and objective, how many pairs a window has and when a pass is there."""
    denser = min(policy.suspect_factor, plan.density.factor_max)
    if denser > 1:
        lasting = duration(min(policy.suspect_for_s, plan.density.for_s))
        yield f"a failure on the canary alone has its probes played {denser} times denser for {lasting}"
    else:
        yield "a failure on the canary alone has no probe played denser: `density` of the serve file allows none"
    needed = pairs_to_pass(policy)
    cells = dict.fromkeys(probe.cell.name for probe in plan.probes if probe.baseline is not None)
    for cell, objective in product(cells, policy.objectives):
        probes = [probe for probe in plan.probes if probe.cell.name == cell]
        clean = needed[objective.name]
        pairs = pairs_within(objective, probes, policy.window_s)
        for value, count in pairs.items():
            name = f"{objective.name}[{value}]" if value else objective.name
            minutes = clean / count * policy.window_s / 60
            told = f"{count:.0f} pairs in {duration(policy.window_s)}; {clean} clean ones pass, after {minutes:.1f}m"
            yield f"{cell}  {name}: {told}; {_rollback(policy, objective, round(count), len(pairs))}"
        if not pairs:
            yield f"{cell}  {objective.name}: no probe and its baseline tell it, so no release passes"


def pairs_to_pass(policy: Policy) -> dict[str, int]:
    """How many pairs a pass takes of each objective where none of them fails."""
    one = tuple(Stream(objective.name, ticks=((0, Counts(1)),)) for objective in policy.objectives)
    return {weight.objective.name: 1 + weight.pairs_missing for weight in weigh(policy, Evidence(0, 1, one))}


def _rollback(policy: Policy, objective: Objective, pairs: int, values: int) -> str:
    failures = failures_to_roll_back(policy, objective, pairs, values=values)
    if not failures:
        return "too few to roll back on"
    return f"{failures} failures of the canary alone ({failures / pairs * 100:.1f} %) roll back"


def failures_to_roll_back(policy: Policy, objective: Objective, pairs: int, *, values: int = 1) -> int:
    """How many of so many pairs have to fail on the canary alone for a rollback, at the least; 0 where all would not do.

    `values`: of the objective's label, as they divide its share. That both tests stay over for `consecutive` ticks comes on top.
    """
    others = tuple(Stream(objective.name, f"{number}", ((0, Counts(1)),)) for number in range(1, values))
    for failures in range(1, pairs + 1):
        # Each in a tick of its own: of a burst within one tick not all of them count.
        failed = ((tick, Counts(1, canary_only=1)) for tick in range(1, failures + 1))
        ticks = ((0, Counts(pairs - failures)), *failed)
        streams = (Stream(objective.name, "0", ticks), *others)
        weighed = weigh(replace(policy, objectives=(objective,)), Evidence(0, 1, streams))[0].weighed
        if weighed.e_budget >= weighed.e_budget_needed and weighed.e_pair >= weighed.e_pair_needed:
            return failures
    return 0
