"""Latencies of both sides as curves over one axis: of each instant, the share that was answered by then (an ECDF)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from synthetic.gate.observed import Observation
from synthetic.gate.policy import Objective, Policy
from synthetic.report.health.document import Distribution, Percentiles
from synthetic.report.health.wording import title_of
from synthetic.sli.latencies import Latencies

POINTS_A_SIDE = 40
"""Quantiles that are told of each side: every 2.5 %, so that p95 is one of them, and the least and the most."""

Key = tuple[str, str]
"""An SLI, and the value of one of its labels ("" all of them)."""


def distributions(policy: Policy, baseline: Sequence[Observation], canary: Sequence[Observation]) -> list[Distribution]:
    """One for each SLI that was measured; and one for each value of its labels. Those with an objective come first."""
    sides = _by_sli(baseline), _by_sli(canary)
    bounds = {objective.sli: objective for objective in policy.objectives if objective.measure == "latency"}
    keys = {key for side in sides for key in side}
    return [
        _distribution(key, bounds.get(key[0]), *(Latencies.of(side.get(key, ())) for side in sides))
        for key in sorted(keys, key=lambda key: (key[0] not in bounds, key))
    ]


def _by_sli(observations: Iterable[Observation]) -> Mapping[Key, list[int]]:
    """As the SLIs have it: a failure is counted as a failure, not as a fast or a slow answer."""
    by_sli: dict[Key, list[int]] = {}
    for observation in observations:
        if observation.failed is None:
            continue
        for step in observation.steps:
            if step.held:
                for value in {"", *step.labels.values()}:
                    by_sli.setdefault((step.sli, value), []).append(step.latency_ns)
    return by_sli


def _distribution(key: Key, bound: Objective | None, baseline: Latencies, canary: Latencies) -> Distribution:
    grid = sorted({*_quantiles(baseline), *_quantiles(canary)})
    bound_ms = bound.threshold_ms if bound else None
    return Distribution(
        sli=key[0],
        title=title_of(*key),
        value=key[1],
        bound_ms=bound_ms,
        target=bound.target if bound else None,
        baseline=_percentiles(baseline, bound_ms),
        canary=_percentiles(canary, bound_ms),
        ms=[_ms(at_ns) for at_ns in grid],
        baseline_share=[_share(baseline, at_ns) for at_ns in grid],
        canary_share=[_share(canary, at_ns) for at_ns in grid],
    )


def _quantiles(latencies: Latencies) -> set[int]:
    values = latencies.sorted_ns
    if not values:
        return set()
    last = len(values) - 1
    return {values[last * place // POINTS_A_SIDE] for place in range(POINTS_A_SIDE + 1)}


def _share(latencies: Latencies, at_ns: float) -> float | None:
    values = latencies.sorted_ns
    return round(bisect_right(values, at_ns) / len(values), 4) if values else None


def _percentiles(latencies: Latencies, bound_ms: float | None) -> Percentiles:
    return Percentiles(
        count=len(latencies),
        p50=latencies.percentile_ms(50),
        p95=latencies.percentile_ms(95),
        p99=latencies.percentile_ms(99),
        most=latencies.percentile_ms(100),
        within=None if bound_ms is None else _share(latencies, bound_ms * 1e6),
    )


def _ms(value_ns: int) -> float:
    return round(value_ns / 1e6, 3)
