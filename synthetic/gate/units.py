"""What one pair of runs says of each objective: its steps side by side, as failures on one side, on both, or on none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from synthetic.gate.counts import Counts
from synthetic.gate.observed import Observation, StepSeen
from synthetic.gate.policy import RUN, Objective

MS_NS = 1_000_000


def units_of(
    objectives: Iterable[Objective], canary: Observation, baseline: Observation
) -> Iterator[tuple[tuple[str, str], Counts]]:
    """For each objective and step that both sides have: (objective's name, value of its label) and the counts of one.

    A step that one side did not come to, or that says nothing of the target there, is left out: the objective of the step
    before it has the failure.
    """
    for objective in objectives:
        if objective.sli == RUN:
            yield from _whole_run(objective, canary, baseline)
        else:
            yield from _steps(objective, canary, baseline)


def labelled(seen: Observation, by: str) -> set[str]:
    """The values of a label that a run shows: of its row, and of its steps."""
    return {value for value in (seen.row.get(by, ""), *(step.labels.get(by, "") for step in seen.steps)) if value}


def _whole_run(
    objective: Objective, canary: Observation, baseline: Observation
) -> Iterator[tuple[tuple[str, str], Counts]]:
    value = canary.row.get(objective.by, "") if objective.by else ""
    if objective.by and not value:
        return
    failed = _slow_run if objective.measure == "latency" else _failed_run
    counts = _counts(canary=failed(objective, canary), baseline=failed(objective, baseline))
    if counts is not None:
        yield (objective.name, value), counts


def _failed_run(_objective: Objective, seen: Observation) -> bool | None:
    return seen.failed


def _slow_run(objective: Objective, seen: Observation) -> bool | None:
    return None if seen.failed is None else seen.duration_ns > objective.threshold_ms * MS_NS


def _steps(
    objective: Objective, canary: Observation, baseline: Observation
) -> Iterator[tuple[tuple[str, str], Counts]]:
    beside = {step.step: step for step in baseline.steps if step.sli == objective.sli}
    for step in canary.steps:
        other = beside.get(step.step) if step.sli == objective.sli else None
        value = (step.labels.get(objective.by) or canary.row.get(objective.by, "")) if objective.by else ""
        if other is None or (objective.by and not value):
            continue
        counts = _counts(canary=_missed(objective, step), baseline=_missed(objective, other))
        if counts is not None:
            yield (objective.name, value), counts


def _missed(objective: Objective, step: StepSeen) -> bool | None:
    """Whether a step missed its objective; None where it says nothing of it.

    For a latency, a step that failed counts where it took too long to do so; a quick failure is no answer, fast or slow.
    """
    if step.held is None:
        return None
    if objective.measure == "success":
        return not step.held
    if step.tainted:
        return None
    slow = step.latency_ns > objective.threshold_ms * MS_NS
    return slow if step.held or slow else None


def _counts(*, canary: bool | None, baseline: bool | None) -> Counts | None:
    if canary is None or baseline is None:
        return None
    return Counts(1, int(canary and not baseline), int(baseline and not canary), int(canary and baseline))
