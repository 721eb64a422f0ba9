"""Every rule on the traces of every scenario: how often, and when, it rolls back. Two processes share the work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.gate_power import baselines
from bench.gate_power.traces import PSPS, SCENARIOS, SLOTS_A_MINUTE, Scenario, Traces, draw
from bench.gate_power.twin import Watched, play
from synthetic.config.slo import shipped_policy
from synthetic.gate.policy import RUN, Policy
from synthetic.gate.shares import FIRST_SEEN

OURS = "ours"
REACTING = "ours, not denser at the start"
SPARSE = "ours, never denser"
HORIZONS = (15, 60)
SPARE_MIN = 8
"""An analysis of Flagger takes longer by each check that fails."""
CHUNK = 1000

RULES: dict[str, baselines.Rule] = {
    "Argo failureLimit 0": baselines.argo(0),
    "Argo failureLimit 3": baselines.argo(3),
    "Flagger threshold 3": baselines.flagger(3),
    "Flagger threshold 5": baselines.flagger(5),
    "Kayenta Mann-Whitney": baselines.kayenta,
    "3 consecutive minutes": baselines.consecutive(3),
    "the page's rule, undamped": baselines.page(1),
    "the page's rule, 3 ticks": baselines.page(3),
}
VARIANTS: dict[str, Callable[[Policy], Policy]] = {
    OURS: lambda policy: policy,
    REACTING: lambda policy: replace(policy, eager_s=0.0),
    SPARSE: lambda policy: replace(policy, eager_s=0.0, suspect_factor=1),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One rule in one scenario. `rolled_back`: the share of runs, by minutes; `median_min`: of those that were, at the longest.

    `probes`: pairs that were played, as a multiple of the base rate; None where the rule plays none of its own.
    """

    rule: str
    scenario: str
    runs: int
    rolled_back: dict[int, float]
    median_min: float | None
    probes: float | None = None


def watched(policy: Policy, scenario: Scenario) -> tuple[Watched, ...]:
    """The streams of our policy that the traces say something of; the others keep their shares, and never see a failure."""
    if scenario.latency:
        slow = next(one for one in policy.objectives if one.sli == "deposit" and one.measure == "latency")
        return (Watched(slow.budget, slow.share, tuple(range(PSPS)), latency=True),)
    whole = next(one for one in policy.objectives if one.sli == RUN)
    each = next(one for one in policy.objectives if one.sli == "deposit" and one.by == "psp")
    single = tuple(Watched(each.budget, each.share * FIRST_SEEN / PSPS, (psp,)) for psp in range(PSPS))
    slow = [one for one in policy.objectives if one.measure == "latency" and scenario.slow]
    beside = (Watched(one.budget, one.share, tuple(range(PSPS)), latency=True, slow=scenario.slow) for one in slow)
    return (Watched(whole.budget, whole.share, tuple(range(PSPS))), *single, *beside)


def measure(runs: int, seed: int, scenarios: Sequence[Scenario] = SCENARIOS, *, workers: int = 2) -> list[Measured]:
    """Measure all rules. A scenario of a day is our own gate's alone: the others have no answer to a whole day."""
    chunks = [
        (scenario.name, min(CHUNK, runs - begun), seed + begun)
        for scenario in sorted(scenarios, key=lambda one: -one.minutes)
        for begun in range(0, runs, CHUNK)
    ]
    found: dict[tuple[str, str], list[_Part]] = {}
    with ProcessPoolExecutor(workers) as pool:
        for parts in pool.map(_play_chunk, chunks):
            for part in parts:
                found.setdefault((part.rule, part.scenario), []).append(part)
    by_name = {scenario.name: scenario for scenario in scenarios}
    return [_measured(parts, by_name[scenario]) for (_, scenario), parts in found.items()]


@dataclass(frozen=True, slots=True)
class _Part:
    """The runs of one chunk: the minute of rollback by horizon, and what was played."""

    rule: str
    scenario: str
    minutes: dict[int, NDArray[np.float64]]
    probes: NDArray[np.float64] | None = None


def _play_chunk(chunk: tuple[str, int, int]) -> list[_Part]:
    name, runs, seed = chunk
    scenario = next(one for one in SCENARIOS if one.name == name)
    random = np.random.default_rng([seed, SCENARIOS.index(scenario)])
    a_day = scenario.minutes > max(HORIZONS)
    traces = draw(scenario, runs, random, minutes=scenario.minutes + (0 if a_day else SPARE_MIN))
    horizons = (scenario.minutes,) if a_day else HORIZONS
    parts = [] if a_day else [_rule_part(rule, scenario, traces) for rule in RULES]
    variants = [OURS] if a_day else list(VARIANTS)
    return parts + [_our_part(variant, scenario, traces, random, horizons) for variant in variants]


def _rule_part(rule: str, scenario: Scenario, traces: Traces) -> _Part:
    return _Part(rule, scenario.name, {horizon: RULES[rule](traces, horizon) for horizon in HORIZONS})


def _our_part(
    variant: str, scenario: Scenario, traces: Traces, random: np.random.Generator, horizons: Iterable[int]
) -> _Part:
    policy = VARIANTS[variant](shipped_policy())
    a_day = scenario.minutes > max(HORIZONS)
    outcome = play(policy, watched(policy, scenario), traces, random, stop=not a_day)
    minutes = np.where(outcome.slot < 0, np.inf, (outcome.slot + 1) / SLOTS_A_MINUTE)
    within = {horizon: np.where(minutes <= horizon, minutes, np.inf) for horizon in horizons}
    return _Part(variant, scenario.name, within, outcome.played / (traces.slots * PSPS) if a_day else None)


def _measured(parts: list[_Part], scenario: Scenario) -> Measured:
    horizons = list(parts[0].minutes)
    minutes = {horizon: np.concatenate([part.minutes[horizon] for part in parts]) for horizon in horizons}
    longest = minutes[max(horizons)]
    gone = longest[np.isfinite(longest)]
    probes = [part.probes for part in parts if part.probes is not None]
    return Measured(
        rule=parts[0].rule,
        scenario=scenario.name,
        runs=len(longest),
        rolled_back={horizon: float(np.isfinite(found).mean()) for horizon, found in minutes.items()},
        median_min=float(np.median(gone)) if len(gone) else None,
        probes=float(np.concatenate(probes).mean()) if probes else None,
    )
