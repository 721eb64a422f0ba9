"""Writes an SLO file: a policy in the words of `slo.yaml`, so that loading it gives the policy again.

Values are written as YAML on one line, such as `{name: logins, sli: login, at_least: 99.9 %}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from synthetic.config import percents
from synthetic.config.slo_rules import CONSECUTIVE_MIN, PERCENTILES, SIGNAL, WINDOW_S
from synthetic.gate.policy import HardStop, Objective, Policy

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*|[0-9][0-9.]* ?%|[0-9][0-9.]* ?(ms|s|m|h)")
_MEANT = frozenset(("true", "false", "null", "True", "False", "Null", "TRUE", "FALSE", "NULL"))
_UNITS = (("h", 3600), ("m", 60), ("s", 1))


def slo_text(policy: Policy) -> str:
    """The whole file."""
    lines = [f"slo: {scalar(policy.name)}", "objectives:"]
    lines += [f"  - {objective_line(one)}" for one in policy.objectives]
    if policy.hard_stops:
        lines += ["hard_stops:", *(f"  - {hard_stop_line(one)}" for one in policy.hard_stops)]
    lines += [f"{key}: {value}" for key, value in settings_of(policy).items()]
    return "".join(f"{line}\n" for line in lines)


def objective_line(objective: Objective) -> str:
    """An entry of `objectives`. Raises ValueError for a percentile that the file has no key for."""
    written: dict[str, str | int] = {"name": objective.name, "sli": objective.sli}
    if objective.by:
        written["by"] = objective.by
    written.update(bound_of(objective))
    written.update(share=percents.shown(objective.share), margin=percents.shown(objective.margin))
    return flow(written)


def bound_of(objective: Objective) -> dict[str, str]:
    """What is promised, as the file has it: `at_least: 99.9 %` or `p95_at_most: 400 ms`."""
    if objective.measure == "success":
        return {"at_least": percents.shown(objective.target)}
    key = next((key for key, target in PERCENTILES.items() if abs(target - objective.target) < 1e-9), None)
    if key is None:
        known = ", ".join(percents.shown(target) for target in PERCENTILES.values())
        raise ValueError(f"{percents.shown(objective.target)} is no percentile of an SLO file\nknown here: {known}")
    return {key: f"{_digits(objective.threshold_ms)} ms"}


def hard_stop_line(stop: HardStop) -> str:
    """An entry of `hard_stops`."""
    rest: dict[str, str | int] = {"by": stop.by} if stop.by else {}
    rest |= {"at_least": stop.at_least, "within": duration(stop.within_s)}
    return flow({**_watched(stop), **rest})


def _watched(stop: HardStop) -> dict[str, str | int]:
    if stop.source == SIGNAL:
        return {"signal": stop.name, "more_than": int(stop.above)}
    if stop.blame:
        return {"name": stop.name, "blame": stop.blame, "above": percents.shown(stop.above)}
    return {"name": stop.name, "sli": stop.source, "below": percents.shown(round(1 - stop.above, 11))}


def settings_of(policy: Policy) -> dict[str, str]:
    """Everything but objectives and hard stops, by key of the file."""
    errors = {
        "healthy": percents.shown(policy.alpha_budget),
        "shared_fault": percents.shown(policy.alpha_pair),
        "passed": percents.shown(round(1 / policy.pass_evidence, 11)),
    }
    suspicion: dict[str, str | int] = {"denser": policy.suspect_factor, "for": duration(policy.suspect_for_s)}
    return dict(_settings(policy, errors, suspicion))


def _settings(
    policy: Policy, errors: Mapping[str, str], suspicion: Mapping[str, str | int]
) -> Iterator[tuple[str, str]]:
    yield "window", duration(policy.window_s)
    yield "tick", duration(policy.tick_s)
    yield "consecutive", str(policy.consecutive)
    if policy.warm_up_s:
        yield "warm_up", duration(policy.warm_up_s)
    yield "pairs_min", str(policy.pairs_min)
    yield "stale", duration(policy.stale_s)
    yield "missing_max", percents.shown(policy.missing_max)
    yield "errors", flow(errors)
    yield "suspicion", flow(suspicion)
    if policy.labels:
        yield "labels", flow(policy.labels)
    if not WINDOW_S[0] <= policy.window_s <= WINDOW_S[1] or policy.consecutive < CONSECUTIVE_MIN:
        yield "trial", "true"


def flow(written: Mapping[str, str | int]) -> str:
    """A mapping on one line."""
    return "{" + ", ".join(f"{scalar(key)}: {scalar(value)}" for key, value in written.items()) + "}"


def scalar(value: str | int) -> str:
    """A number, or a text, in quotes where it needs them."""
    if isinstance(value, int):
        return str(value)
    return value if _PLAIN.fullmatch(value) and value not in _MEANT else json.dumps(value, ensure_ascii=False)


def duration(seconds: float) -> str:
    """A duration in the largest unit that is whole."""
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds % size == 0), ("s", 1))
    return f"{_digits(seconds / size)}{unit}"


def _digits(number: float) -> str:
    return f"{Decimal(repr(number)).quantize(Decimal('1e-9')).normalize():f}"
