"""The evidence of each stream as a line between two thresholds: a rollback above, a pass below."""

from __future__ import annotations

import math
from collections.abc import Iterable

from synthetic.gate.decision import Weighed
from synthetic.gate.policy import Policy
from synthetic.report.health.document import LinePoint, Standing, StreamHealth
from synthetic.report.health.wording import promise_of, title_of
from synthetic.report.records import utc

FAR = 2.0
"""Beyond twice of what is needed nobody looks any closer, and a chart would show nothing else."""
POINTS_MAX = 240


def streams(policy: Policy, weighed: Iterable[Weighed], *, since_ns: int, doubted: bool = False) -> list[StreamHealth]:
    """Those nearest to a rollback first: that is what somebody looks for. Equals keep the order of the policy.

    `doubted`: the release has failed, or is held for what the canary alone fails.
    """
    told = [_stream(policy, one, since_ns, doubted=doubted) for one in weighed]
    return sorted(told, key=lambda one: (not one.regressed, -one.to_rollback))


def _stream(policy: Policy, one: Weighed, since_ns: int, *, doubted: bool) -> StreamHealth:
    objective = next((named for named in policy.objectives if named.name == one.objective), None)
    return StreamHealth(
        stream=one.stream,
        title=title_of(one.objective.removesuffix(f"_by_{objective.by}") if objective else one.objective, one.value),
        value=one.value,
        promise=promise_of(objective) if objective else "",
        sli=objective.sli if objective else "",
        pairs=one.counts.pairs,
        canary_only=one.counts.canary_only,
        baseline_only=one.counts.baseline_only,
        both=one.counts.both,
        to_budget=towards(one.e_budget, one.e_budget_needed),
        to_canary_only=towards(one.e_pair, one.e_pair_needed),
        to_rollback=_to_rollback(one, one.e_budget, one.e_pair),
        to_pass=towards(one.e_pass, one.e_pass_needed),
        streak=one.streak,
        streak_needed=policy.consecutive,
        regressed=one.regressed,
        standing=_standing(one, suspect=doubted and one.counts.canary_only > 0 and _rises(one, policy.consecutive)),
        line=_line(policy, one, since_ns),
    )


def _standing(one: Weighed, *, suspect: bool) -> Standing:
    """The worst that is true: no promise is called kept beside evidence that it is broken."""
    if one.regressed:
        return "regressed"
    if _to_rollback(one, one.e_budget, one.e_pair) >= 1.0:
        return "over"
    if suspect:
        return "suspect"
    return "pass" if towards(one.e_pass, one.e_pass_needed) >= 1.0 else ""


def _rises(one: Weighed, ticks: int) -> bool:
    """The way to a rollback is longer than it was so many ticks ago; a watch begins at 0."""
    ways = [0.0] * ticks + [_to_rollback(one, budget, pair) for _, budget, pair, _ in one.line]
    return ways[-1] > ways[-1 - ticks]


def _line(policy: Policy, one: Weighed, since_ns: int) -> list[LinePoint]:
    """From the start of the watch, where there is no evidence at all, tick by tick; of long watches every n-th and the last."""
    every = -(-len(one.line) // POINTS_MAX) or 1
    shown = [point for place, point in enumerate(reversed(one.line)) if place % every == 0][::-1]
    ends = [
        LinePoint(
            at=utc(since_ns + int((tick + 1) * policy.tick_s * 1e9)),
            to_rollback=_to_rollback(one, budget, pair),
            to_pass=towards(passing, one.e_pass_needed),
        )
        for tick, budget, pair, passing in shown
    ]
    return [LinePoint(at=utc(since_ns), to_rollback=0.0, to_pass=0.0), *ends] if ends else []


def _to_rollback(one: Weighed, budget: float, pair: float) -> float:
    return min(towards(budget, one.e_budget_needed), towards(pair, one.e_pair_needed))


def towards(evidence: float, needed: float) -> float:
    """How far evidence has come towards what is needed: log(evidence) / log(needed), from 0 to FAR; 1 and more is there.

    Where less than 1 to 1 is needed there is nothing to go: it is there or not.
    """
    if needed <= 1.0:
        return 1.0 if evidence >= needed else 0.0
    share = math.log(max(evidence, 1.0)) / math.log(needed)
    # What is rounded up to the threshold has not crossed it.
    rounded = round(min(share, FAR), 4)
    return rounded if evidence >= needed or rounded < 1.0 else 0.9999
