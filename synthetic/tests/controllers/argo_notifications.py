"""Argo Rollouts' notifications, as far as the gate hears of them: a webhook when a rollout is completed or aborted.

From argo's notifications-engine: a ConfigMap has `service.webhook.NAME`, `template.NAME` and `trigger.NAME`; a Rollout subscribes
by annotations. A webhook that fails is tried no more (and may be lost): nothing waits for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from synthetic.tests.controllers.argo import ArgoRollout, Health, of_kind

TRIGGERS = {Health.HEALTHY: "on-rollout-completed", Health.DEGRADED: "on-rollout-aborted"}
TIMEOUT_S = 10.0


def notify(rollout: ArgoRollout, config: Mapping[str, Any], secrets: Mapping[str, str]) -> list[int]:
    """Send what the end of a rollout triggers, to the services that it has subscribed to. Answers the statuses."""
    trigger = TRIGGERS.get(rollout.health)
    if trigger is None:
        return []
    (manifest,) = of_kind(rollout.manifests, "Rollout")
    subscribed = re.compile(rf"notifications\.argoproj\.io/subscribe\.{trigger}\.(.+)")
    services = [found[1] for name in manifest["metadata"]["annotations"] if (found := subscribed.fullmatch(name))]
    names = [name for sent in yaml.safe_load(config["data"][f"trigger.{trigger}"]) for name in sent["send"]]
    return [_send(rollout, config["data"], service, name, secrets) for service in services for name in names]


def _send(
    rollout: ArgoRollout, data: Mapping[str, str], service: str, template: str, secrets: Mapping[str, str]
) -> int:
    target = yaml.safe_load(data[f"service.webhook.{service}"])
    message = yaml.safe_load(data[f"template.{template}"])["webhook"][service]
    headers = {one["name"]: _with_secrets(one["value"], secrets) for one in target["headers"]}
    url = target["url"] + _filled(message["path"], rollout.values)
    body = json.loads(message["body"])
    return rollout.caller.call(message["method"], url, timeout_s=TIMEOUT_S, headers=headers, body=body).status


def _with_secrets(text: str, secrets: Mapping[str, str]) -> str:
    return re.sub(r"\$([\w-]+)", lambda found: secrets[found[1]], text)


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The Go templates of the example: name, an annotation, and the hash of the pods."""
    known = {
        "{{.rollout.metadata.name}}": values["metadata.name"],
        "{{.rollout.status.currentPodHash}}": values["Latest"],
    }
    filled = re.sub(
        r'{{index \.rollout\.metadata\.annotations "([^"]+)"}}',
        lambda found: values[f"metadata.annotations['{found[1]}']"],
        template,
    )
    for written, value in known.items():
        filled = filled.replace(written, value)
    return filled
