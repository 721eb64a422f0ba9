"""Every manifest in deploy/ is what the API server takes, and a wrong field in any kind is seen."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import yaml

from synthetic.tests.deploy.manifests import DEPLOY, Manifest, every_manifest
from synthetic.tests.deploy.schemas import NEWEST, OLDEST, SHARED, SHARED_GROUPS, closed, group, is_known, mistakes

MANIFESTS = [(name, one) for name, one in every_manifest() if one["kind"] != "Kustomization"]
EXAMPLE = {(one["apiVersion"], one["kind"]): one for _, one in reversed(MANIFESTS)}
KINDS = sorted(EXAMPLE)
RULE_FILES = sorted((DEPLOY.parent / "reports" / "prometheus").glob("*.yaml"))

FREE = frozenset(
    {"labels", "annotations", "matchLabels", "selector", "nodeSelector", "data", "limits", "requests", "jsonBody"}
    | {"volumes", "emptyDir", "templateVariables"}
)
"""Fields whose keys are the user's own, or that are judged by another kind's schema around them."""


def _known(document: Manifest) -> None:
    if not is_known(document):
        pytest.skip(f"no schema of {document['kind']}: {SHARED} is not there")


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize(("name", "document"), MANIFESTS, ids=[name for name, _ in MANIFESTS])
def test_every_manifest_is_valid(name: str, document: Manifest, version: str) -> None:
    """By the schema of its kind, for the oldest and the newest Kubernetes that is known here."""
    _known(document)
    assert mistakes(document, version=version) == [], name


@pytest.mark.parametrize(("api_version", "kind"), KINDS, ids=[kind for _, kind in KINDS])
def test_an_unknown_field_is_a_mistake_wherever_it_stands(api_version: str, kind: str) -> None:
    """At every depth of the first manifest of each kind; nowhere but in what is the user's own."""
    document = EXAMPLE[api_version, kind]
    _known(document)
    places = list(_mappings(document))
    broken = deepcopy(document)
    for place in places:
        _at(broken, place)["unheardOf"] = "x"
    told = {one.partition(": ")[0] for one in mistakes(broken) if "'unheardOf' was unexpected" in one}
    assert {_text(place) for place in places} <= told


@pytest.mark.parametrize(("api_version", "kind"), KINDS, ids=[kind for _, kind in KINDS])
def test_a_value_of_the_wrong_type_is_a_mistake(api_version: str, kind: str) -> None:
    """A list where a text, a number or a truth value is expected, in each place of the first manifest of each kind."""
    document = EXAMPLE[api_version, kind]
    _known(document)
    broken, places = deepcopy(document), []
    for place in _mappings(document):
        for key, value in _at(document, place).items():
            if not isinstance(value, dict | list) and key not in FREE | {"apiVersion", "kind"}:
                _at(broken, place)[key] = ["x"]
                places.append((*place, key))
    told = {one.partition(": ")[0] for one in mistakes(broken)}
    assert places
    assert {_text(place) for place in places} <= told


BROKEN = [
    ("Deployment", "spec.replicas", "two"),
    ("StatefulSet", "spec.podManagementPolicy", 7),
    ("CronJob", "spec.concurrencyPolicy", {}),
    ("Job", "spec.backoffLimit", "never"),
    ("Namespace", "metadata.labels", ["enforce"]),
    ("ServiceAccount", "automountServiceAccountToken", "no"),
    ("ConfigMap", "data", ["runner.yaml"]),
    ("NetworkPolicy", "spec.podSelector", "all"),
    ("PersistentVolumeClaim", "spec.accessModes", "ReadWriteMany"),
    ("PodDisruptionBudget", "spec.maxUnavailable", {"pods": 1}),
    ("Service", "spec.ports", {"port": 9464}),
    ("ServiceMonitor", "spec.endpoints", [{"port": 9464}]),
    ("ServiceMonitor", "spec.endpoints", [{"port": "http", "interval": "15"}]),
    ("PrometheusRule", "spec.groups", [{"name": "x", "rules": [{"alert": "X", "expression": "up"}]}]),
    ("ExternalSecret", "spec.secretStoreRef.kind", "Vault"),
    ("ExternalSecret", "spec.data", [{"secretKey": "audit-key"}]),
    ("Ingress", "spec.rules", [{"host": 80}]),
    ("AnalysisTemplate", "spec.metrics", [{"name": "gate", "provider": {"web": {"jsonPath": "{$}"}}}]),
    ("ClusterAnalysisTemplate", "spec.args", [{"value": "canary"}]),
    ("Rollout", "spec.strategy.canary.steps", [{"setWeight": "5"}]),
    ("Rollout", "spec.template.spec.containers", [{"name": "api", "ports": [{"containerPort": "http"}]}]),
    ("Canary", "spec.analysis.interval", "half a minute"),
    ("Canary", "spec.analysis.webhooks", [{"name": "x", "url": "http://x", "type": "confirm-everything"}]),
    ("MetricTemplate", "spec.provider.type", "promql"),
    ("AlertProvider", "spec.type", "pager"),
]


@pytest.mark.parametrize(("kind", "path", "value"), BROKEN)
def test_a_wrong_value_is_a_mistake_that_is_told_with_its_place(kind: str, path: str, value: Any) -> None:
    """One or two of each kind, by hand; the place is in the message."""
    document = deepcopy(next(one for _, one in MANIFESTS if one["kind"] == kind))
    _known(document)
    *place, last = path.split(".")
    _at(document, tuple(place))[last] = value
    assert any(path in told for told in mistakes(document)), mistakes(document)


def test_every_kind_has_a_wrong_value_above() -> None:
    """Also one that is new."""
    assert {kind for _, kind in KINDS} == {kind for kind, *_ in BROKEN}


def test_the_rules_of_the_gate_are_those_for_prometheus_itself() -> None:
    """One file for the Prometheus Operator and one for everybody else, and the same groups in both."""
    (rule,) = [one for _, one in MANIFESTS if one["kind"] == "PrometheusRule"]
    assert rule["spec"] == yaml.safe_load((DEPLOY.parent / "reports/prometheus/gate.yaml").read_text())


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.name)
def test_the_rule_files_are_what_a_prometheus_rule_takes(path: Any) -> None:
    """For the Prometheus Operator, their groups are the spec of a PrometheusRule; one with a wrong field is none."""
    groups = yaml.safe_load(path.read_text())
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "x"},
        "spec": groups,
    }
    assert mistakes(rule) == []
    groups["groups"][0]["rules"][0]["exp"] = "up"
    assert mistakes(rule)


def test_what_is_said_of_an_object_beside_its_description_is_not_closed() -> None:
    """`oneOf` names a field that is described around it; a field that keeps the unknown, keeps it."""
    field = {"type": "object", "properties": {"a": {"type": "string"}}, "oneOf": [{"required": ["a"]}]}
    assert closed(field) == field | {"additionalProperties": False}
    kept = {"type": "object", "properties": {}, "x-kubernetes-preserve-unknown-fields": True}
    assert closed(kept) == kept
    assert closed({"type": "array", "items": field})["items"]["additionalProperties"] is False
    assert closed({"type": "object", "additionalProperties": field})["additionalProperties"] == closed(field)


def test_every_group_that_is_used_has_its_schemas() -> None:
    """A custom resource of another group would be taken for one of Kubernetes' own."""
    ours = {"", "apps", "batch", "policy", "networking.k8s.io", "monitoring.coreos.com", "external-secrets.io"}
    assert {group(one) for _, one in MANIFESTS} <= ours | set(SHARED_GROUPS)


def _mappings(document: Manifest, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The places of all mappings whose fields a schema knows."""
    here = _at(document, place)
    if isinstance(here, dict):
        yield place
    for key, value in here.items() if isinstance(here, dict) else enumerate(here):
        told_to_hooks = key == "metadata" and "webhooks" in place
        if isinstance(value, dict | list) and key not in FREE and not told_to_hooks:
            yield from _mappings(document, (*place, key))


def _text(place: tuple[str | int, ...]) -> str:
    """As a mistake tells it."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).removeprefix(".") or "$"


def _at(document: Any, place: tuple[str | int, ...]) -> Any:
    for key in place:
        document = document[key]
    return document
