"""Prometheus rules for the continuous SLO: error ratios, the budget of 30 days, and alerts on how fast it burns.

Windows and factors are those of the Site Reliability Workbook (Google, 2018), chapter 5, "Multiwindow, Multi-Burn-Rate Alerts":
a page where 2 % of a month's budget burn in an hour or 5 % in six, a ticket where 10 % burn in a day or three; each held against
a short window, too, so that it ends when the fault does. Probes are low traffic, where one failure in an hour burns many budgets:
so no alert without a few failures ("Low-Traffic Services and Error Budget Alerting", the same chapter).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from synthetic.core.errors import Place
from synthetic.gate.policy import Objective, Policy
from synthetic.report.slo.events import events_of, require_told

FAILURES_MIN = 3
PERIOD = "30d"
RUNBOOK = "docs/gate-slo.md#when-a-budget-burns"
_RELEASE = "version, rollout_step, flag_variant"
_WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
Rule = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Burn:
    """An alert: the budget burns `factor` times too fast, over a long window and still over a short one."""

    factor: float
    long: str
    short: str
    severity: str


BURNS = (
    Burn(14.4, "1h", "5m", "page"),
    Burn(6.0, "6h", "30m", "page"),
    Burn(3.0, "1d", "2h", "ticket"),
    Burn(1.0, "3d", "6h", "ticket"),
)


def prometheus_rules(policy: Policy, place: Place) -> dict[str, Any]:
    """A rule file, one group an objective. Raises AuthorError at `place` where the metrics can't tell an objective."""
    require_told(policy, place)
    groups = [group for objective in policy.objectives for group in _groups(policy, objective)]
    return {"groups": groups}


def _groups(policy: Policy, objective: Objective) -> Iterator[dict[str, Any]]:
    """The rules of a group are evaluated in their order: what is recorded first is there for the next."""
    name = f"synthetic-slo-{policy.name}-{objective.name}"
    rules = [*_counted(policy, objective), *_ratios(policy, objective), *_alerts(policy, objective)]
    yield {"name": name, "interval": "30s", "rules": rules}
    yield {"name": f"{name}-{PERIOD}", "interval": "5m", "rules": [_left(policy, objective)]}


def _counted(policy: Policy, objective: Objective) -> Iterator[Rule]:
    """Over all releases: a release is known by its first answers, so its own series begin with 1, which is no increase.

    They keep `instance`, so that a restart is a reset of all that they sum.
    """
    events = events_of(objective)
    gone = f"{_RELEASE}, le" if objective.measure == "latency" else _RELEASE
    yield _record("synthetic_slo:good_total", f"sum without ({gone}) ({events.good})", policy, objective)
    yield _record("synthetic_slo:events_total", f"sum without ({_RELEASE}) ({events.all})", policy, objective)


def _record(name: str, expression: str, policy: Policy, objective: Objective) -> Rule:
    return {"record": name, "expr": expression, "labels": _labels(policy, objective)}


def _labels(policy: Policy, objective: Objective) -> dict[str, str]:
    return {"slo": policy.name, "objective": objective.name}


def _ratios(policy: Policy, objective: Objective) -> Iterator[Rule]:
    for window in _WINDOWS:
        yield _record(
            f"synthetic_slo:error_ratio:rate{window}", _error_ratio(policy, objective, window), policy, objective
        )
    for burn in BURNS:
        expression = _summed("increase", "events", policy, objective, burn.long)
        yield _record(f"synthetic_slo:events:increase{burn.long}", expression, policy, objective)


def _error_ratio(policy: Policy, objective: Objective, window: str) -> str:
    """No value where nothing was measured; 1 where nothing was ever good, so that there is no series of it."""
    good = _summed("rate", "good", policy, objective, window)
    events = _summed("rate", "events", policy, objective, window)
    return f"1 - ({good} or 0 * {events})\n/ ({events} > 0)"


def _summed(function: str, counter: str, policy: Policy, objective: Objective, window: str) -> str:
    by = ", ".join(("cell", "track", *((objective.by,) if objective.by else ())))
    return f"sum by ({by}) ({function}(synthetic_slo:{counter}_total{_chosen(policy, objective)}[{window}]))"


def _chosen(policy: Policy, objective: Objective) -> str:
    return f'{{slo="{policy.name}", objective="{objective.name}"}}'


def _left(policy: Policy, objective: Objective) -> Rule:
    error = _error_ratio(policy, objective, PERIOD)
    expression = f"1 - ({error})\n/ {_number(objective.budget)}"
    return _record(f"synthetic_slo:error_budget_left:{PERIOD}", expression, policy, objective)


def _alerts(policy: Policy, objective: Objective) -> Iterator[Rule]:
    for burn in BURNS:
        if burn.factor * objective.budget < 1.0:  # else it could not fire if everything failed
            yield _alert(burn, policy, objective)


def _alert(burn: Burn, policy: Policy, objective: Objective) -> Rule:
    chosen = _chosen(policy, objective)
    bound = f"{_number(burn.factor)} * {_number(objective.budget)}"
    long = f"synthetic_slo:error_ratio:rate{burn.long}{chosen}"
    expression = (
        f"{long} > {bound}\n"
        f"and synthetic_slo:error_ratio:rate{burn.short}{chosen} > {bound}\n"
        f"and {long} * synthetic_slo:events:increase{burn.long}{chosen} > {FAILURES_MIN - 0.5}"
    )
    value = f"[{{{{ $labels.{objective.by} }}}}]" if objective.by else ""
    what = f"{objective.name}{value} on {{{{ $labels.cell }}}}"
    return {
        "alert": "SyntheticSloBurns",
        "expr": expression,
        "labels": {**_labels(policy, objective), "severity": burn.severity, "window": burn.long},
        "annotations": {
            "summary": f"{what} burns its budget over {_number(burn.factor)} times too fast",
            "description": f"{{{{ $value | humanizePercentage }}}} of the last {burn.long} failed; "
            f"{_number(objective.budget * 100)} % may, over {PERIOD}.",
            "runbook": RUNBOOK,
        },
    }


def _number(value: float) -> str:
    return f"{round(value, 12):.12g}"
