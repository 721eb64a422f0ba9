"""OpenSLO (openslo/v1, https://github.com/OpenSLO/OpenSLO): one Service for the SLO, and one SLO an objective.

OpenSLO can say a target, over events that hold and all events; so a percentile of latency is written as what it is, the share of
answers within a time. What it has no word for (shares, margins, windows of the gate, hard stops) goes along as annotations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from synthetic.config import percents
from synthetic.config.openslo_words import API_VERSION, HARD_STOP, KEPT_IN_SERVICE, PREFIX
from synthetic.config.slo_writing import bound_of, hard_stop_line, settings_of
from synthetic.core.errors import Place
from synthetic.gate.policy import Objective, Policy
from synthetic.report.slo.burn_rates import PERIOD
from synthetic.report.slo.events import events_of, require_told

NAME_MAX = 63
_LABEL_KEY = re.compile(r"[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?")
Document = dict[str, Any]


def openslo_documents(policy: Policy, place: Place) -> list[Document]:
    """The documents, the Service first. Raises AuthorError at `place` where the metrics can't tell an objective."""
    require_told(policy, place)
    names = _names(policy)
    service, *own = names
    slos = [_slo(policy, one, service, name) for one, name in zip(policy.objectives, own, strict=True)]
    return [_service(policy, service), *slos]


def _names(policy: Policy) -> list[str]:
    """Names as OpenSLO has them (RFC 1123, at most 63), the SLO's and its objectives', each its own."""
    given: list[str] = []
    for name in (policy.name, *(one.name for one in policy.objectives)):
        plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:NAME_MAX].rstrip("-") or "slo"
        tries = (plain, *(f"{plain[: NAME_MAX - 4].rstrip('-')}-{number}" for number in range(2, 1000)))
        given.append(next(one for one in tries if one not in given[1:]) if given else plain)
    return given


def _service(policy: Policy, name: str) -> Document:
    kept = {KEPT_IN_SERVICE: policy.name, **settings_of(policy)}
    kept |= {f"{HARD_STOP}{number}": hard_stop_line(stop) for number, stop in enumerate(policy.hard_stops, 1)}
    described = "What a release is held against; `synthetic slo import` makes an SLO file of it again."
    return {
        "apiVersion": API_VERSION,
        "kind": "Service",
        "metadata": _metadata(name, policy.name, policy.labels, kept),
        "spec": {"description": described},
    }


def _metadata(name: str, shown: str, labels: Mapping[str, str], kept: Mapping[str, str]) -> Document:
    taken = {key: value for key, value in labels.items() if _LABEL_KEY.fullmatch(key)}
    annotations = {f"{PREFIX}{key}": value for key, value in kept.items()}
    made: Document = {"name": name, "displayName": shown[:NAME_MAX]}
    return made | ({"labels": taken} if taken else {}) | {"annotations": annotations}


def _slo(policy: Policy, objective: Objective, service: str, name: str) -> Document:
    bound = " ".join(f"{key} {value}" for key, value in bound_of(objective).items())
    each = f", each {objective.by}" if objective.by else ""
    return {
        "apiVersion": API_VERSION,
        "kind": "SLO",
        "metadata": _metadata(name, objective.name, policy.labels, dict(_kept(objective))),
        "spec": {
            "description": f"{objective.sli}: {bound}{each}"[:1050],
            "service": service,
            "indicator": {
                "metadata": {"name": f"{name[: NAME_MAX - 4].rstrip('-')}-sli"},
                "spec": {"ratioMetric": _ratio(objective)},
            },
            "timeWindow": [{"duration": PERIOD, "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"displayName": bound, "target": round(objective.target, 12)}],
        },
    }


def _kept(objective: Objective) -> Iterator[tuple[str, str]]:
    yield "name", objective.name
    yield "sli", objective.sli
    if objective.by:
        yield "by", objective.by
    if objective.measure == "latency":
        yield "within", next(iter(bound_of(objective).values()))
    yield "share", percents.shown(objective.share)
    yield "margin", percents.shown(objective.margin)


def _ratio(objective: Objective) -> Document:
    events = events_of(objective)
    summed = f"sum by ({objective.by})" if objective.by else "sum"
    return {
        "counter": True,
        "good": _source(f"{summed} ({events.good})"),
        "total": _source(f"{summed} ({events.all})"),
    }


def _source(query: str) -> Document:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}
