"""The smallest manifests that ask a gate, as the rollout-gates page of both projects writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from synthetic.tests.controllers.argo import documents

ANALYSIS = """
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: synthetic-gate}
spec:
  args: [{name: rollout-id}]
  metrics:
  - name: gate
    interval: 30s
    count: 90
    failureLimit: 0
    inconclusiveLimit: 89
    consecutiveSuccessLimit: 1
    consecutiveErrorLimit: 30
    successCondition: result.verdict == "pass"
    failureCondition: result.verdict == "fail"
    provider:
      web: {url: "http://gate:8080/verdict?rollout={{args.rollout-id}}", timeoutSeconds: 5, jsonPath: "{$}"}
"""

ROLLOUT = """
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: wallet}
spec:
  strategy:
    canary:
      steps:
      - setWeight: 5
      - &asked {analysis: {templates: [{templateName: synthetic-gate}], args: [{name: rollout-id, value: "wallet-1"}]}}
      - setWeight: 25
      - *asked
      - setWeight: 50
      - *asked
      - setWeight: 100
      - *asked
"""

CANARY = """
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: wallet, namespace: cashier}
spec:
  analysis:
    interval: 30s
    threshold: 3
    stepWeights: [5, 25, 50, 100]
    webhooks:
    - {name: start, type: confirm-rollout, url: "http://gate:8080/confirm-rollout"}
    - {name: more, type: confirm-traffic-increase, url: "http://gate:8080/confirm-traffic-increase"}
    - {name: promote, type: confirm-promotion, url: "http://gate:8080/confirm-promotion"}
    - {name: back, type: rollback, url: "http://gate:8080/rollback", metadata: {rollout: wallet-1}}
    - {name: told, type: event, url: "http://gate:8080/event", metadata: {rollout: wallet-1}}
"""


def metric(**changed: Any) -> dict[str, Any]:
    """The gate's metric with other fields; None takes one away."""
    (template,) = documents(ANALYSIS)
    fields = {**template["spec"]["metrics"][0], **changed}
    return {name: value for name, value in fields.items() if value is not None}


def analysis(*metrics: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The template with these metrics, and the rollout that uses it."""
    (template,) = documents(ANALYSIS)
    return [{**template, "spec": {**template["spec"], "metrics": list(metrics)}}, *documents(ROLLOUT)]


def canary(webhooks: str = "", **changed: Any) -> list[Mapping[str, Any]]:
    """The Canary with other fields of its analysis; `webhooks` (YAML) instead of its own."""
    (one,) = documents(CANARY)
    fields = {**one["spec"]["analysis"], **changed}
    if webhooks:
        fields["webhooks"] = yaml.safe_load(webhooks)
    return [{**one, "spec": {"analysis": {name: value for name, value in fields.items() if value is not None}}}]
