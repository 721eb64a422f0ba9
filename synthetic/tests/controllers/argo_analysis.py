"""An AnalysisRun of Argo Rollouts: measurements of the `web` provider, counted, and what becomes of the run.

From argo-rollouts `analysis/analysis.go`, `utils/evaluate`, `metricproviders/web`. Two dialects: before 1.8 there is no
`consecutiveSuccessLimit`, and a metric that reached its count without a broken limit is Successful, whatever it measured.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from synthetic.tests.controllers.calling import Answer, Caller
from synthetic.tests.controllers.conditions import ConditionError, holds
from synthetic.tests.controllers.pace import Pace, seconds_of

ERROR_RETRY_S = 10.0
CONSECUTIVE_ERRORS_MAX = 4
TIMEOUT_S = 10.0
ARGS = re.compile(r"{{\s*args\.([\w.-]+)\s*}}")


class Phase(StrEnum):
    """Of a measurement, a metric or a run."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCESSFUL = "Successful"
    INCONCLUSIVE = "Inconclusive"
    ERROR = "Error"
    FAILED = "Failed"

    @property
    def is_complete(self) -> bool:
        return self not in (Phase.PENDING, Phase.RUNNING)


WORST_FIRST = (Phase.FAILED, Phase.ERROR, Phase.INCONCLUSIVE, Phase.SUCCESSFUL)


@dataclass
class Metric:
    """One metric of a run with its counters. `count` excludes errors; `failed` and `inconclusive` are cumulative."""

    spec: Mapping[str, Any]
    phase: Phase = Phase.PENDING
    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    errors: int = 0
    consecutive_errors: int = 0
    consecutive_successes: int = 0
    last: Phase | None = None
    finished_s: float = 0.0
    message: str = ""

    @property
    def count(self) -> int:
        return self.successful + self.failed + self.inconclusive

    @property
    def count_wanted(self) -> int | None:
        """None: as long as the run lasts."""
        if "count" in self.spec:
            return int(self.spec["count"])
        return None if self.spec.get("interval") else 1

    def limit(self, name: str, otherwise: int = 0) -> int:
        return int(self.spec.get(name, otherwise))

    def take(self, measured: Phase, now_s: float) -> None:
        """Count one measurement."""
        self.last, self.finished_s = measured, now_s
        self.consecutive_errors = self.consecutive_errors + 1 if measured is Phase.ERROR else 0
        self.consecutive_successes = self.consecutive_successes + 1 if measured is Phase.SUCCESSFUL else 0
        self.successful += measured is Phase.SUCCESSFUL
        self.failed += measured is Phase.FAILED
        self.inconclusive += measured is Phase.INCONCLUSIVE
        self.errors += measured is Phase.ERROR

    def due_s(self, started_s: float) -> float:
        """When the next measurement is taken. An error is tried again after 10 s, whatever the interval."""
        if self.last is None:
            return started_s + seconds_of(self.spec.get("initialDelay", "0s"))
        if self.last is Phase.ERROR or not self.spec.get("interval"):
            return self.finished_s + ERROR_RETRY_S
        return self.finished_s + seconds_of(self.spec["interval"])


def measured(metric: Mapping[str, Any], result: object) -> Phase:
    """One result against the metric's conditions. Both: failure wins, and neither true is Inconclusive."""
    success, failure = metric.get("successCondition", ""), metric.get("failureCondition", "")
    try:
        succeeded = bool(success) and holds(success, result)
        failed = bool(failure) and holds(failure, result)
    except ConditionError:
        return Phase.ERROR
    if not success and not failure:
        return Phase.SUCCESSFUL
    if not failure:
        failed = not succeeded
    elif not success:
        succeeded = not failed
    if failed:
        return Phase.FAILED
    return Phase.SUCCESSFUL if succeeded else Phase.INCONCLUSIVE


def assessed(metric: Metric, *, terminating: bool = False, since_1_8: bool = True) -> Phase:
    """What a metric has come to; of broken limits the later check overrides the earlier one."""
    if metric.phase.is_complete:
        return metric.phase
    if metric.last is None:
        return Phase.SUCCESSFUL if terminating else Phase.PENDING
    broken = _broken_limit(metric, since_1_8=since_1_8)
    if broken is not None:
        return broken
    wanted_successes = metric.limit("consecutiveSuccessLimit") if since_1_8 else 0
    if wanted_successes and metric.consecutive_successes >= wanted_successes:
        return Phase.SUCCESSFUL
    if metric.count_wanted is not None and metric.count >= metric.count_wanted:
        return _at_its_count(metric, wanted_successes)
    return Phase.SUCCESSFUL if terminating else Phase.RUNNING


def _broken_limit(metric: Metric, *, since_1_8: bool) -> Phase | None:
    phase = None
    failure_limit = metric.limit("failureLimit")
    if metric.failed > failure_limit and not (since_1_8 and failure_limit < 0):
        phase = Phase.FAILED
    if metric.inconclusive > metric.limit("inconclusiveLimit"):
        phase = Phase.INCONCLUSIVE
    if metric.consecutive_errors > metric.limit("consecutiveErrorLimit", CONSECUTIVE_ERRORS_MAX):
        phase = Phase.ERROR
    return phase


def _at_its_count(metric: Metric, wanted_successes: int) -> Phase:
    """Where successes in a row are asked for and did not come, that is not Successful since 1.8."""
    if not wanted_successes:
        return Phase.SUCCESSFUL
    return Phase.INCONCLUSIVE if metric.limit("failureLimit") >= 0 else Phase.FAILED


@dataclass
class AnalysisRun:
    """The metrics of one or more templates, measured when they are due, until all are complete."""

    specs: Sequence[Mapping[str, Any]]
    args: Mapping[str, str]
    caller: Caller
    pace: Pace
    since_1_8: bool = True
    phase: Phase = Phase.PENDING
    metrics: list[Metric] = field(default_factory=list)
    started_s: float = 0.0

    def __post_init__(self) -> None:
        self.metrics = [Metric(_with_args(spec, self.args)) for spec in self.specs]
        self.started_s = self.pace.now_s()
        self.phase = Phase.RUNNING

    def reconcile(self) -> Phase:
        """Measure what is due, then assess."""
        for metric in self._open():
            if not _has_its_count(metric) and metric.due_s(self.started_s) <= self.pace.now_s():
                metric.take(self._measure(metric), self.pace.now_s())
        return self._assess(terminating=False)

    def terminate(self) -> Phase:
        """No further measurement. What was not measured yet is Successful."""
        return self._assess(terminating=True)

    def due_s(self) -> float | None:
        """When there is something to measure; None: nothing more."""
        return min((metric.due_s(self.started_s) for metric in self._open()), default=None)

    def _open(self) -> list[Metric]:
        return [metric for metric in self.metrics if not metric.phase.is_complete]

    def _assess(self, *, terminating: bool) -> Phase:
        if self.phase.is_complete:
            return self.phase
        for metric in self.metrics:
            metric.phase = assessed(metric, terminating=terminating, since_1_8=self.since_1_8)
        phases = {metric.phase for metric in self.metrics}
        if phases & {Phase.FAILED, Phase.ERROR, Phase.INCONCLUSIVE}:
            # One lost metric terminates the others, and what was not measured then is Successful.
            phases = {assessed(metric, terminating=True, since_1_8=self.since_1_8) for metric in self.metrics}
        if all(phase.is_complete for phase in phases):
            self.phase = next(phase for phase in WORST_FIRST if phase in phases)
        return self.phase

    def _measure(self, metric: Metric) -> Phase:
        web = metric.spec["provider"]["web"]
        answer = self.caller.call(
            web.get("method", "GET"),
            web["url"],
            timeout_s=float(web.get("timeoutSeconds", TIMEOUT_S)),
            headers={header["key"]: header["value"] for header in web.get("headers", ())},
            body=web.get("jsonBody"),
        )
        try:
            result = read(answer, web.get("jsonPath", "{$}"))
        except ValueError as error:
            metric.message = str(error)
            return Phase.ERROR
        metric.message = answer.body
        return measured(metric.spec, result)


def _has_its_count(metric: Metric) -> bool:
    return metric.count_wanted is not None and metric.count >= metric.count_wanted


def read(answer: Answer, json_path: str) -> object:
    """The value that a web measurement is judged on. Raises ValueError: non-2xx, no JSON, no such path."""
    if not answer.is_2xx:
        raise ValueError(f"received non 2xx response code: {answer.status} {answer.body}")
    value = json.loads(answer.body, parse_constant=_no_such_number)
    if not (json_path.startswith("{") and json_path.endswith("}")):
        raise ValueError(f"{json_path} is no JSON path")
    for name, index in re.findall(r"\.([\w-]+)|\[(\d+)\]", json_path[1:-1].removeprefix("$")):
        try:
            value = value[name] if name else value[int(index)]
        except (LookupError, TypeError):
            raise ValueError(f"{name or index} is not found") from None
    return value


def _no_such_number(word: str) -> float:
    raise ValueError(f"invalid JSON: {word}")


def _with_args(value: Any, args: Mapping[str, str]) -> Any:
    """The metric with its arguments filled in, wherever they stand. Raises KeyError for one that is not given."""
    if isinstance(value, str):
        return ARGS.sub(lambda found: args[found[1]], value)
    if isinstance(value, Mapping):
        return {key: _with_args(item, args) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_args(item, args) for item in value]
    return value
