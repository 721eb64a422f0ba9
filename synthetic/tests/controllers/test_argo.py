"""Argo's canary steps: weights, analyses, pauses, abort, resume."""

from __future__ import annotations

from synthetic.tests.controllers.argo import ArgoRollout, Health, documents
from synthetic.tests.controllers.manifests import ANALYSIS, ROLLOUT, analysis, metric
from synthetic.tests.controllers.pace import Compressed
from synthetic.tests.controllers.scripted import Scripted, ScriptedGate
from synthetic.tests.controllers.test_argo_analysis import BROKEN, FAIL, PASS, UNSURE

BACKGROUND = """
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: wallet}
spec:
  strategy:
    canary:
      analysis:
        templates: [{templateName: synthetic-gate}]
        startingStep: 1
        args: [{name: rollout-id, valueFrom: {podTemplateHashValue: Latest}}]
      steps: [{setWeight: 5}, {pause: {duration: 1m}}, {setWeight: 50}, {pause: {duration: 90}}]
"""


def rollout(gate: ScriptedGate) -> ArgoRollout:
    return ArgoRollout(documents(ANALYSIS, ROLLOUT), gate.caller, Compressed())


def played(gate: ScriptedGate, *answers: Scripted, reconciles: int = 200) -> ArgoRollout:
    gate.script(verdict=list(answers))
    one = rollout(gate)
    one.follow(reconciles)
    return one


def test_four_passes_promote(gate: ScriptedGate) -> None:
    """Each weight is asked for itself."""
    one = played(gate, PASS)
    assert (one.health, one.weights) == (Health.HEALTHY, [0, 5, 25, 50, 100])
    assert [run.metrics[0].count for run in one.runs] == [1, 1, 1, 1]


def test_a_fail_aborts_to_weight_zero(gate: ScriptedGate) -> None:
    """The message has the gate's own words."""
    one = played(gate, PASS, UNSURE, (200, '{"verdict": "fail", "explanation": "psp-a"}'))
    assert (one.health, one.weights) == (Health.DEGRADED, [0, 5, 25, 0])
    assert "assessed Failed" in one.told[-1]
    assert "psp-a" in one.told[-1]


def test_too_many_inconclusives_pause_and_nothing_else(gate: ScriptedGate) -> None:
    """The weight stays; a person resumes, and then the same step is analysed anew."""
    gate.script(verdict=[UNSURE])
    one = rollout(gate)
    assert one.follow(500) is Health.PAUSED
    assert (one.weights, one.runs[0].metrics[0].inconclusive) == ([0, 5], 90)
    one.reconcile()
    assert (one.health, len(one.runs)) == (Health.PAUSED, 1)
    gate.answers["/verdict"] = [PASS]
    one.resume()
    assert one.follow(50) is Health.HEALTHY
    assert one.weights == [0, 5, 25, 50, 100]


def test_an_outage_longer_than_the_error_limit_aborts_and_a_shorter_one_does_not(gate: ScriptedGate) -> None:
    """The default would be 4 errors, 40 s; the template takes 30, five minutes."""
    assert played(gate, *[BROKEN] * 30, PASS).health is Health.HEALTHY
    lost = played(gate, BROKEN)
    assert (lost.health, lost.weights) == (Health.DEGRADED, [0, 5, 0])
    assert lost.runs[0].metrics[0].errors == 31


def test_the_default_error_limit_aborts_after_forty_seconds_of_outage(gate: ScriptedGate) -> None:
    """What becomes of a healthy release where the template does not set it."""
    gate.script(verdict=[BROKEN])
    pace = Compressed()
    one = ArgoRollout(analysis(metric(consecutiveErrorLimit=None)), gate.caller, pace)
    assert one.follow(50) is Health.DEGRADED
    assert pace.at_s == 40.0


def test_a_background_analysis_runs_beside_the_pauses_and_aborts(gate: ScriptedGate) -> None:
    """From its starting step on, with the hash of the new pods as its argument."""
    gate.script(verdict=[UNSURE, UNSURE, UNSURE, FAIL])
    one = ArgoRollout(documents(ANALYSIS, BACKGROUND), gate.caller, Compressed(), values={"Latest": "abc"})
    assert one.follow(100) is Health.DEGRADED
    assert one.weights == [0, 5, 50, 0]
    assert {path for _, path, _ in gate.caller.asked} == {"/verdict?rollout=abc"}


def test_a_background_analysis_that_never_passed_does_not_stop_the_promotion(gate: ScriptedGate) -> None:
    """Unmeasured, and even inconclusive, is Successful once it is terminated: our examples analyse in steps."""
    gate.script(verdict=[UNSURE])
    one = ArgoRollout(documents(ANALYSIS, BACKGROUND), gate.caller, Compressed(), values={"Latest": "abc"})
    assert one.follow(100) is Health.HEALTHY


def test_a_pause_without_a_duration_waits_for_a_person(gate: ScriptedGate) -> None:
    """And goes on with the next step."""
    steps = ROLLOUT.replace("- setWeight: 50", "- pause: {}")
    gate.script(verdict=[PASS])
    one = ArgoRollout(documents(ANALYSIS, steps), gate.caller, Compressed())
    assert one.follow(50) is Health.PAUSED
    assert one.weight == 25
    one.resume()
    assert one.follow(50) is Health.HEALTHY


def test_a_secret_is_sent_in_a_header(gate: ScriptedGate) -> None:
    """Bearer tokens come from a secret's key."""
    secret = {"name": "token", "valueFrom": {"secretKeyRef": {"name": "gate", "key": "bearer"}}}
    web = {"url": "http://gate/verdict", "headers": [{"key": "Authorization", "value": "Bearer {{ args.token }}"}]}
    template, steps = analysis(metric(provider={"web": web}))
    template = {**template, "spec": {**template["spec"], "args": [{"name": "rollout-id"}, secret]}}
    gate.script(verdict=[PASS])
    one = ArgoRollout([template, steps], gate.caller, Compressed(), values={"gate/bearer": "s3cret"})
    assert one.follow(50) is Health.HEALTHY
    assert {headers["authorization"] for headers in gate.headers} == {"Bearer s3cret"}
