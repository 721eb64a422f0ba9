"""What an objective counts, as selectors over the runner's metrics: the events that hold, and all that say anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client.utils import floatToGoString

from synthetic.core.errors import AuthorError, Mistake, Place
from synthetic.gate.policy import RUN, Objective, Policy
from synthetic.report.metrics.words import BUCKETS_S, FAILED, HELD, PROBE_LABELS, RETRIED

_number: Callable[[float], str] = floatToGoString
SPLIT_BY = tuple(label for label in PROBE_LABELS if label not in ("scenario", "cell", "track"))
"""The labels of the metrics by which an objective can be split."""


@dataclass(frozen=True, slots=True)
class Events:
    """Two counters, as selectors: those that hold, and all of them."""

    good: str
    all: str


def events_of(objective: Objective) -> Events:
    """The counters of an objective that `require_told` has nothing to say of."""
    if objective.measure == "latency" and objective.sli == RUN:
        return Events(
            f"synthetic_run_duration_seconds_bucket{{{_bound(objective)}}}", "synthetic_run_duration_seconds_count"
        )
    if objective.measure == "latency":
        chosen = f'sli="{objective.sli}"'
        bucket = f"synthetic_step_duration_seconds_bucket{{{chosen}, {_bound(objective)}}}"
        return Events(bucket, f"synthetic_step_duration_seconds_count{{{chosen}}}")
    if objective.sli == RUN:
        return Events('synthetic_runs_total{outcome="ok"}', 'synthetic_runs_total{outcome=~"ok|failed"}')
    held, counted = f"{HELD}|{RETRIED}", f"{HELD}|{RETRIED}|{FAILED}"
    return Events(
        f'synthetic_steps_total{{sli="{objective.sli}", outcome=~"{held}"}}',
        f'synthetic_steps_total{{sli="{objective.sli}", outcome=~"{counted}"}}',
    )


def _bound(objective: Objective) -> str:
    """`3.0` is written `3` by some versions of Prometheus."""
    written = _number(objective.threshold_ms / 1000)
    return f'le=~"{written[:-2]}([.]0)?"' if written.endswith(".0") else f'le="{written}"'


def require_told(policy: Policy, place: Place) -> None:
    """Raises AuthorError with everything that the metrics can't tell: a bound within a bucket, a label that they do not have."""
    mistakes = [Mistake(place, *told) for one in policy.objectives for told in _untold(one)]
    if mistakes:
        raise AuthorError(mistakes)


def _untold(objective: Objective) -> Iterable[tuple[str, str]]:
    if objective.measure == "latency" and objective.threshold_ms not in (bound * 1000 for bound in BUCKETS_S):
        near = sorted(BUCKETS_S, key=lambda bound: abs(bound * 1000 - objective.threshold_ms))[:2]
        yield (
            f"'{objective.name}': no bucket of the metrics ends at {objective.threshold_ms:g} ms",
            f"the nearest are {' and '.join(f'{bound * 1000:g} ms' for bound in sorted(near))}",
        )
    if objective.by and objective.by not in SPLIT_BY:
        yield (
            f"'{objective.name}': the metrics have no label '{objective.by}' to split it by",
            f"known here: {', '.join(SPLIT_BY)}",
        )
