"""Flagger's tick over one Canary: hooks, failed checks that add up, weights, promotion, rollback.

From flagger `pkg/controller/scheduler.go`, `scheduler_hooks.go`, `webhook.go`. It has no inconclusive state: what must wait
waits behind a `confirm-*` hook, and a `rollback` hook that answers with at most 202 rolls back.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from synthetic.tests.controllers.argo import of_kind
from synthetic.tests.controllers.calling import Caller
from synthetic.tests.controllers.pace import Pace, seconds_of

OK_MAX = 202
TIMEOUT_S = 10.0
RETRY_WAIT_S = 1.0
CHECKSUM = "5b6d7f8c9"


class Phase(StrEnum):
    """Of a Canary."""

    INITIALIZED = "Initialized"
    WAITING = "Waiting"
    PROGRESSING = "Progressing"
    WAITING_PROMOTION = "WaitingPromotion"
    PROMOTING = "Promoting"
    FINALISING = "Finalising"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


@dataclass
class FlaggerCanary:
    """A new revision of one Canary. `weights` are all that were routed to it; `events` are what Flagger tells, in its words."""

    manifests: list[Mapping[str, Any]]
    caller: Caller
    pace: Pace
    phase: Phase = Phase.INITIALIZED
    failed_checks: int = 0
    iterations: int = 0
    weights: list[int] = field(default_factory=lambda: [0])
    events: list[str] = field(default_factory=list)

    @property
    def weight(self) -> int:
        return self.weights[-1]

    @property
    def is_over(self) -> bool:
        return self.phase in (Phase.SUCCEEDED, Phase.FAILED)

    @property
    def _canary(self) -> Mapping[str, Any]:
        (canary,) = of_kind(self.manifests, "Canary")
        return canary

    @property
    def _analysis(self) -> Mapping[str, Any]:
        analysis: Mapping[str, Any] = self._canary["spec"]["analysis"]
        return analysis

    def follow(self, ticks_max: int) -> Phase:
        """Tick at the analysis' interval until it is over, at most so often."""
        for _ in range(ticks_max):
            self.tick()
            if self.is_over:
                break
            self.pace.wait_s(seconds_of(self._analysis["interval"]))
        return self.phase

    def tick(self) -> None:
        """One look, in the order of the scheduler."""
        if self.phase in (Phase.INITIALIZED, Phase.WAITING):
            self._begin()
        elif self._rollback_is_asked():
            self._tell("Warning", f"Rolling back {self._name} manual webhook invoked")
            self._roll_back()
        elif self.phase is Phase.PROMOTING:
            self.weights.append(0)
            self._tell("Normal", "Routing all traffic to primary")
            self.phase = Phase.FINALISING
        elif self.phase is Phase.FINALISING:
            self._call_all("post-rollout", Phase.SUCCEEDED)
            self._tell("Normal", f"Promotion completed! Scaling down {self._name}")  # still as Finalising
            self.phase = Phase.SUCCEEDED
        elif self.failed_checks >= int(self._analysis["threshold"]):
            self._tell("Warning", f"Rolling back {self._name} failed checks threshold reached {self.failed_checks}")
            self._roll_back()
        elif self._checks_hold():
            self._advance()
        else:
            self.failed_checks += 1

    def _begin(self) -> None:
        """`confirm-rollout`: it waits there for as long as it takes, with no failed check."""
        if self._refused("confirm-rollout", Phase.PROGRESSING):
            if self.phase is not Phase.WAITING:
                self._tell("Warning", f"Halt {self._name} advancement waiting for approval")
                self.phase = Phase.WAITING
            return
        self.phase = Phase.PROGRESSING
        self._tell("Normal", f"New revision detected! Scaling up {self._name}")

    def _rollback_is_asked(self) -> bool:
        if self.phase not in (Phase.PROGRESSING, Phase.WAITING_PROMOTION):
            return False
        return any(self._call(hook, self.phase) for hook in self._hooks("rollback"))

    def _checks_hold(self) -> bool:
        """Before the first traffic the pre-rollout hooks; then rollout hooks and metrics. The first failure is the only one."""
        if self.weight == 0 and self.iterations == 0:
            self._tell("Normal", f"Starting canary analysis for {self._name}")
            return not self._refused("pre-rollout", Phase.PROGRESSING)
        if self._refused("rollout", Phase.PROGRESSING):
            return False
        return all(self._within(metric) for metric in self._analysis.get("metrics", ()))

    def _advance(self) -> None:
        if int(self._analysis.get("iterations", 0)):
            self._iterate()
        elif self._next_step() > 0:
            if self.phase is not Phase.WAITING_PROMOTION and self._refused(
                "confirm-traffic-increase", Phase.PROGRESSING
            ):
                return
            self._shift()

    def _iterate(self) -> None:
        """Blue/green: so many ticks without traffic, then all of it, then the promotion."""
        wanted = int(self._analysis["iterations"])
        if self.iterations < wanted:
            self.iterations += 1
            self._tell("Normal", f"Advance {self._name} canary iteration {self.iterations}/{wanted}")
        elif self._promotion_is_confirmed():
            if self.iterations == wanted:
                self.weights.append(100)
                self.iterations += 1
            else:
                self.phase = Phase.PROMOTING

    def _shift(self) -> None:
        if self.weight < self._weight_max():
            self.weights.append(min(self.weight + self._next_step(), 100))
            self._tell("Normal", f"Advance {self._name} canary weight {self.weight}")
        elif self._promotion_is_confirmed():
            self._tell("Normal", f"Copying {self._name} template spec to primary")
            self.phase = Phase.PROMOTING

    def _promotion_is_confirmed(self) -> bool:
        if not self._refused("confirm-promotion", Phase.WAITING_PROMOTION):
            return True
        if self.phase is not Phase.WAITING_PROMOTION:
            self._tell("Warning", f"Halt {self._name} advancement waiting for promotion approval")
            self.phase = Phase.WAITING_PROMOTION
        return False

    def _roll_back(self) -> None:
        self.weights.append(0)
        self.phase = Phase.FAILED
        self._tell("Warning", f"Canary failed! Scaling down {self._name}")
        self._call_all("post-rollout", Phase.FAILED)

    def _weight_max(self) -> int:
        steps = self._analysis.get("stepWeights")
        if steps:
            return min(100, int(steps[-1]))
        return int(self._analysis.get("maxWeight", 100))

    def _next_step(self) -> int:
        steps = [int(step) for step in self._analysis.get("stepWeights", ())]
        if "stepWeight" in self._analysis or not steps:
            return int(self._analysis.get("stepWeight", 0))
        if self.weight == 100:
            return 1  # any step would do: it is the promotion's
        above = [step for step in steps if step > self.weight]
        return (above[0] if above else 100) - self.weight

    @property
    def hooks(self) -> list[dict[str, Any]]:
        """All hooks of the Canary."""
        return list(self._analysis.get("webhooks", ()))

    @property
    def _name(self) -> str:
        about = self._canary["metadata"]
        return f"{about['name']}.{about.get('namespace', 'default')}"

    def _hooks(self, kind: str) -> list[Mapping[str, Any]]:
        """The hooks of a kind; one without a type is a `rollout` hook."""
        return [hook for hook in self._analysis.get("webhooks", ()) if (hook.get("type") or "rollout") == kind]

    def _refused(self, kind: str, phase: Phase) -> bool:
        """Whether a hook of that kind did not answer with at most 202; those after it are not asked."""
        return not all(self._call(hook, phase) for hook in self._hooks(kind))

    def _call_all(self, kind: str, phase: Phase) -> None:
        for hook in self._hooks(kind):
            self._call(hook, phase)

    def _call(self, hook: Mapping[str, Any], phase: Phase, more: Mapping[str, str] | None = None) -> bool:
        """Whether the hook agreed. 429, 5xx and no answer are tried again as often as `retries` says, and then a no."""
        body = {
            "name": self._canary["metadata"]["name"],
            "namespace": self._canary["metadata"].get("namespace", "default"),
            "phase": phase.value,
            "checksum": CHECKSUM,
            "metadata": {**hook.get("metadata", {}), **(more or {})},
        }
        timeout_s = seconds_of(hook.get("timeout") or f"{TIMEOUT_S:g}s")
        for left in range(int(hook.get("retries", 0)), -1, -1):
            status = self.caller.call("POST", hook["url"], timeout_s=timeout_s, body=body).status
            if not (status in (0, 429) or status >= 500):
                return status <= OK_MAX
            if left:
                self.pace.wait_s(RETRY_WAIT_S)
        return False

    def _tell(self, kind: str, message: str) -> None:
        """An event, to every `event` hook; what they answer does not matter."""
        self.events.append(message)
        told = {"eventMessage": message, "eventType": kind, "timestamp": str(int(self.pace.now_s() * 1000))}
        for hook in self._hooks("event"):
            self._call(hook, self.phase, told)

    def _within(self, metric: Mapping[str, Any]) -> bool:
        """A metric template's Prometheus query within its range. NaN, nothing and no answer are no."""
        value = self._queried(metric)
        if value is None or math.isnan(value):
            self._tell("Warning", f"Halt advancement no values found for metric {metric['name']}")
            return False
        allowed = metric.get("thresholdRange", {})
        within = allowed.get("min", -math.inf) <= value <= allowed.get("max", math.inf)
        if not within:
            self._tell("Warning", f"Halt {self._name} advancement {metric['name']} {value:g} not within {allowed}")
        return bool(within)

    def _queried(self, metric: Mapping[str, Any]) -> float | None:
        wanted = metric["templateRef"]["name"]
        (template,) = (one for one in of_kind(self.manifests, "MetricTemplate") if one["metadata"]["name"] == wanted)
        variables = metric.get("templateVariables", {})
        query = re.sub(
            r"{{\s*(?:variables\.)?(\w+)\s*}}",
            lambda found: str({"interval": metric.get("interval", "1m"), **variables}.get(found[1], "")),
            template["spec"]["query"],
        )
        url = f"{template['spec']['provider']['address']}/api/v1/query?{urlencode({'query': query})}"
        answer = self.caller.call("GET", url, timeout_s=5.0)
        if not answer.is_2xx:
            return None
        results = json.loads(answer.body)["data"]["result"]
        return float(results[0]["value"][1]) if results else None
