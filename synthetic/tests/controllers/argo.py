"""Argo Rollouts' canary strategy: weights, pauses and analyses step by step; abort, pause, resume.

Failed or Error of an analysis aborts (the weight goes back to 0, the rollout is Degraded); Inconclusive pauses until somebody
resumes it, and then the analysis begins anew. A background analysis runs from `startingStep` beside the steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from synthetic.tests.controllers.argo_analysis import AnalysisRun, Phase
from synthetic.tests.controllers.calling import Caller
from synthetic.tests.controllers.pace import Pace, seconds_of

TICK_S = 1.0


class Health(StrEnum):
    """Of a rollout, as `kubectl argo rollouts status` says it."""

    PROGRESSING = "Progressing"
    PAUSED = "Paused"
    DEGRADED = "Degraded"
    HEALTHY = "Healthy"


def documents(*sources: Path | str) -> list[Mapping[str, Any]]:
    """All documents of some manifests: of files, or of YAML text."""
    texts = [source.read_text(encoding="utf-8") if isinstance(source, Path) else source for source in sources]
    return [document for text in texts for document in yaml.safe_load_all(text) if document]


def of_kind(manifests: Iterable[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    """The manifests of one kind."""
    return [manifest for manifest in manifests if manifest.get("kind") == kind]


@dataclass
class ArgoRollout:
    """One revision on its way. `weights` are all that were set; `told` says in Argo's words what happened.

    `values` answer `valueFrom`: a secret's key as `name/key`, a field path, or `podTemplateHashValue` as `Latest`/`Stable`.
    """

    manifests: list[Mapping[str, Any]]
    caller: Caller
    pace: Pace
    values: Mapping[str, str] = field(default_factory=dict)
    since_1_8: bool = True
    health: Health = Health.PROGRESSING
    step: int = 0
    weights: list[int] = field(default_factory=lambda: [0])
    told: list[str] = field(default_factory=list)
    run: AnalysisRun | None = None
    background: AnalysisRun | None = None
    runs: list[AnalysisRun] = field(default_factory=list)
    paused_until_s: float | None = None

    @property
    def weight(self) -> int:
        return self.weights[-1]

    @property
    def is_over(self) -> bool:
        return self.health in (Health.DEGRADED, Health.HEALTHY)

    @property
    def _canary(self) -> Mapping[str, Any]:
        (rollout,) = of_kind(self.manifests, "Rollout")
        canary: Mapping[str, Any] = rollout["spec"]["strategy"]["canary"]
        return canary

    @property
    def _steps(self) -> list[Mapping[str, Any]]:
        return list(self._canary.get("steps", ()))

    def follow(self, reconciles_max: int) -> Health:
        """Reconcile and wait until it is over or waits for a person, at most so often."""
        for _ in range(reconciles_max):
            self.reconcile()
            if self.is_over or (self.health is Health.PAUSED and self.paused_until_s is None):
                break
            self.pace.wait_s(self._next_in_s())
        return self.health

    def reconcile(self) -> None:
        """Do what can be done now: judge the background analysis, then go through the steps as far as they let."""
        if self.is_over or not self._background_lets():
            return
        while self.step < len(self._steps) and not self.is_over:
            if not self._do(self._steps[self.step]):
                return
            self.step += 1
        if not self.is_over:
            self._promote()

    def resume(self) -> None:
        """`kubectl argo rollouts promote`: end the pause. An inconclusive analysis begins anew; a `pause: {}` is over."""
        if self.run is not None and self.run.phase is Phase.INCONCLUSIVE:
            self.run = None
        elif self.background is not None and self.background.phase is Phase.INCONCLUSIVE:
            self.background = None
        elif self.health is Health.PAUSED:
            self.step += 1
        self.paused_until_s, self.health = None, Health.PROGRESSING

    def abort(self, why: str) -> None:
        """Send all traffic back to the stable version."""
        for run in (self.run, self.background):
            if run is not None:
                run.terminate()
        self.weights.append(0)
        self.health = Health.DEGRADED
        self.told.append(f"RolloutAborted: {why}")

    def _promote(self) -> None:
        if self.background is not None:
            self.background.terminate()
        if self.weight != 100:
            self.weights.append(100)
        self.health = Health.HEALTHY
        self.told.append("RolloutCompleted")

    def _do(self, step: Mapping[str, Any]) -> bool:
        """Whether the step is done."""
        if "setWeight" in step:
            self.weights.append(int(step["setWeight"]))
            return True
        if "pause" in step:
            return self._pause(step["pause"] or {})
        if "analysis" in step:
            return self._analyse(step["analysis"])
        raise ValueError(f"step {step} is none that this controller plays")

    def _pause(self, pause: Mapping[str, Any]) -> bool:
        if self.health is not Health.PAUSED:
            self.health = Health.PAUSED
            self.paused_until_s = self.pace.now_s() + _pause_s(pause) if "duration" in pause else None
        if self.paused_until_s is None or self.pace.now_s() < self.paused_until_s:
            return False
        self.paused_until_s, self.health = None, Health.PROGRESSING
        return True

    def _analyse(self, analysis: Mapping[str, Any]) -> bool:
        if self.run is None:
            self.run = self._start(analysis)
        if not self._judge(self.run):
            return False
        self.run = None
        return True

    def _background_lets(self) -> bool:
        """Start the background analysis when its step has come; whether it lets the steps go on."""
        analysis = self._canary.get("analysis")
        if analysis is None or self.step < int(analysis.get("startingStep", 0)):
            return True
        if self.background is None:
            self.background = self._start(analysis)
        if self.background.phase is Phase.SUCCESSFUL:
            return True
        phase = self.background.reconcile()
        return phase is Phase.RUNNING or self._judge(self.background)

    def _judge(self, run: AnalysisRun) -> bool:
        """Whether a run is Successful; a lost one aborts, an inconclusive one pauses."""
        phase = run.reconcile()
        if phase in (Phase.FAILED, Phase.ERROR):
            worst = next(metric for metric in run.metrics if metric.phase is phase)
            self.abort(f"metric {worst.spec['name']} assessed {phase}: {worst.message}")
        elif phase is Phase.INCONCLUSIVE and self.health is not Health.PAUSED:
            self.health, self.paused_until_s = Health.PAUSED, None
            self.told.append("RolloutPaused: InconclusiveAnalysisRun")
        return phase is Phase.SUCCESSFUL

    def _start(self, analysis: Mapping[str, Any]) -> AnalysisRun:
        templates = {one["metadata"]["name"]: one["spec"] for one in of_kind(self.manifests, "AnalysisTemplate")}
        chosen = [templates[one["templateName"]] for one in analysis["templates"]]
        declared = [arg for spec in chosen for arg in spec.get("args", ())]
        args = {arg["name"]: self._value(arg) for arg in (*declared, *analysis.get("args", ())) if len(arg) > 1}
        run = AnalysisRun(
            [metric for spec in chosen for metric in spec["metrics"]], args, self.caller, self.pace, self.since_1_8
        )
        self.runs.append(run)
        return run

    def _value(self, arg: Mapping[str, Any]) -> str:
        if "value" in arg:
            return str(arg["value"])
        source = arg["valueFrom"]
        if "secretKeyRef" in source:
            return self.values[f"{source['secretKeyRef']['name']}/{source['secretKeyRef']['key']}"]
        if "fieldRef" in source:
            return self.values[source["fieldRef"]["fieldPath"]]
        return self.values[source["podTemplateHashValue"]]

    def _next_in_s(self) -> float:
        running = [run for run in (self.run, self.background) if run is not None and not run.phase.is_complete]
        due = [at_s for run in running if (at_s := run.due_s()) is not None]
        due += [self.paused_until_s] if self.paused_until_s is not None else []
        return max(min(due) - self.pace.now_s(), TICK_S) if due else TICK_S


def _pause_s(pause: Mapping[str, Any]) -> float:
    duration = pause["duration"]
    return float(duration) if isinstance(duration, int) else seconds_of(str(duration))
