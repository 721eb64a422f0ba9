"""Flagger's tick: what waits, what counts as a failed check, what rolls back, what promotes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from synthetic.tests.controllers.argo import documents
from synthetic.tests.controllers.flagger import FlaggerCanary, Phase
from synthetic.tests.controllers.manifests import canary
from synthetic.tests.controllers.pace import Compressed
from synthetic.tests.controllers.scripted import Scripted, ScriptedGate

TICKS = 16
YES, WAIT, NO, GONE = (200, ""), (412, '{"reason": "insufficient"}'), (409, ""), (503, "")
CHECK = '[{name: check, url: "http://gate/check"}, {name: back, type: rollback, url: "http://gate/rollback"}]'
AGREES: dict[str, list[Scripted]] = {
    "confirm-rollout": [YES],
    "confirm-traffic-increase": [YES],
    "confirm-promotion": [YES],
    "rollback": [NO],
    "event": [YES],
}
TEMPLATE = """
kind: MetricTemplate
metadata: {name: pass-ratio}
spec:
  provider: {type: prometheus, address: "http://prometheus:9090"}
  query: sum(rate(ok{psp="{{ variables.psp }}"}[{{ interval }}]))
"""


def played(gate: ScriptedGate, /, *manifests: Mapping[str, Any], **answers: list[Scripted]) -> FlaggerCanary:
    gate.script(**{**AGREES, **answers})
    one = FlaggerCanary(list(manifests) or canary(), gate.caller, Compressed())
    one.follow(TICKS)
    return one


def test_what_every_hook_confirms_is_promoted(gate: ScriptedGate) -> None:
    """5, 25, 50, 100, then the primary takes over and the canary gets nothing."""
    one = played(gate)
    assert (one.phase, one.weights, one.failed_checks) == (Phase.SUCCEEDED, [0, 5, 25, 50, 100, 0], 0)


def test_confirm_hooks_wait_without_a_failed_check(gate: ScriptedGate) -> None:
    """For ever, at each of the three gates."""
    start = played(gate, **{"confirm-rollout": [WAIT]})
    assert (start.phase, start.weight, start.failed_checks) == (Phase.WAITING, 0, 0)
    more = played(gate, **{"confirm-traffic-increase": [YES, WAIT]})
    assert (more.phase, more.weight, more.failed_checks) == (Phase.PROGRESSING, 5, 0)
    end = played(gate, **{"confirm-promotion": [WAIT]})
    assert (end.phase, end.weight, end.failed_checks) == (Phase.WAITING_PROMOTION, 100, 0)


def test_what_waited_goes_on_once_it_is_confirmed(gate: ScriptedGate) -> None:
    """The gate's patience is no reason to fail."""
    held = played(gate, **{"confirm-rollout": [WAIT, WAIT, YES], "confirm-promotion": [WAIT, GONE, YES]})
    assert held.phase is Phase.SUCCEEDED


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_rollback_hook_rolls_back_with_at_most_202(gate: ScriptedGate, status: int) -> None:
    """So nothing may answer 2xx behind that address unless it means it."""
    one = played(gate, rollback=[NO, NO, (status, "")])
    assert (one.phase, one.weights) == (Phase.FAILED, [0, 5, 25, 0])


@pytest.mark.parametrize("status", [203, 204, 400, 401, 404, 409, 412, 429, 500, 503])
def test_any_other_answer_of_a_rollback_hook_does_not(gate: ScriptedGate, status: int) -> None:
    """Not even 204: above 202 is an error."""
    assert played(gate, rollback=[(status, "")]).phase is Phase.SUCCEEDED


def test_a_rollback_hook_is_heard_while_the_promotion_waits_but_not_once_it_has_begun(gate: ScriptedGate) -> None:
    """Promoting and Finalising ask nobody any more."""
    waiting = played(gate, **{"confirm-promotion": [WAIT], "rollback": [NO] * 6 + [YES]})
    assert (waiting.phase, waiting.weights[-2:]) == (Phase.FAILED, [100, 0])
    promoting = played(gate, rollback=[NO] * 6 + [YES])
    assert promoting.phase is Phase.SUCCEEDED


def test_failed_checks_add_up_and_are_never_forgiven(gate: ScriptedGate) -> None:
    """Three of them, with good ones between, reach a threshold of three; the rollback comes a tick later."""
    one = played(gate, *canary(CHECK), check=[NO, YES, NO, YES, NO, YES])
    assert (one.phase, one.failed_checks) == (Phase.FAILED, 3)
    assert played(gate, *canary(CHECK), check=[NO, YES, NO, YES]).phase is Phase.SUCCEEDED


def test_pre_rollout_counts_before_the_first_traffic(gate: ScriptedGate) -> None:
    """It blocks the start, and the threshold ends it."""
    one = played(gate, *canary('[{name: pre, type: pre-rollout, url: "http://gate/pre"}]'), pre=[NO])
    assert (one.phase, one.weights) == (Phase.FAILED, [0, 0])


def test_retries_are_for_429_and_5xx_only(gate: ScriptedGate) -> None:
    """A 412 is an answer; a 503 is tried again as often as `retries` says."""
    hook = '[{name: more, type: confirm-traffic-increase, url: "http://gate/more", retries: 2}]'
    gate.script(more=[GONE, (429, ""), YES, WAIT])
    one = FlaggerCanary(canary(hook), gate.caller, Compressed())
    one.tick()
    one.tick()
    assert one.weight == 5
    one.tick()
    assert (one.weight, len(gate.heard)) == (5, 4)


def test_a_gate_that_is_gone_holds_the_weight_and_neither_promotes_nor_rolls_back(gate: ScriptedGate) -> None:
    """Confirm hooks wait, the rollback hook is silent."""
    one = played(gate, **{"confirm-traffic-increase": [YES, YES, GONE], "rollback": [GONE]})
    assert (one.phase, one.weight, one.failed_checks) == (Phase.PROGRESSING, 25, 0)


def test_hooks_are_told_who_asks(gate: ScriptedGate) -> None:
    """Name, namespace, phase, checksum, and the hook's own metadata."""
    played(gate, rollback=[YES])
    _path, body = next(heard for heard in gate.heard if heard[0] == "/rollback")
    assert {name: body[name] for name in ("name", "namespace", "phase", "metadata")} == {
        "name": "wallet",
        "namespace": "cashier",
        "phase": "Progressing",
        "metadata": {"rollout": "wallet-1"},
    }
    assert body["checksum"]


def test_event_hooks_hear_every_step_and_can_stop_nothing(gate: ScriptedGate) -> None:
    """Message, kind and time beside the hook's own metadata; a broken one changes nothing."""
    one = played(gate, event=[GONE])
    told = [body for path, body in gate.heard if path == "/event"]
    assert [body["metadata"]["eventMessage"] for body in told] == one.events
    assert {body["metadata"]["eventType"] for body in told} == {"Normal"}
    assert one.phase is Phase.SUCCEEDED
    assert [event.rpartition(" ")[2] for event in one.events if "canary weight" in event] == ["5", "25", "50", "100"]


@pytest.mark.parametrize(
    ("result", "phase"),
    [
        ([{"value": [0, "0.999"]}], Phase.SUCCEEDED),
        ([{"value": [0, "0.9"]}], Phase.FAILED),
        ([{"value": [0, "NaN"]}], Phase.FAILED),
        ([], Phase.FAILED),
    ],
)
def test_a_metric_without_data_is_a_failed_check(gate: ScriptedGate, result: list[object], phase: Phase) -> None:
    """NaN and nothing count like a broken threshold: why a gate of pairs is asked by hooks, not by metrics."""
    metric = {"name": "ratio", "interval": "1m", "templateRef": {"name": "pass-ratio"}, "thresholdRange": {"min": 0.99}}
    metric["templateVariables"] = {"psp": "psp-a"}
    answer = (200, json.dumps({"data": {"result": result}}))
    gate.script(**AGREES, **{"api/v1/query": [answer]})
    one = FlaggerCanary([*canary(metrics=[metric]), *documents(TEMPLATE)], gate.caller, Compressed())
    one.follow(TICKS)
    assert one.phase is phase
    assert any("psp%3D%22psp-a%22" in path for _, path, _ in gate.caller.asked)


def test_blue_green_gives_all_traffic_after_its_iterations(gate: ScriptedGate) -> None:
    """No weight before; the promotion is asked for."""
    one = played(gate, *canary(iterations=2, stepWeights=None))
    assert (one.phase, one.weights, one.iterations) == (Phase.SUCCEEDED, [0, 100, 0], 3)


def test_the_last_event_of_a_promotion_still_says_finalising(gate: ScriptedGate) -> None:
    """Only the post-rollout hook says Succeeded; an event of a rollback says Failed, as the hook does."""
    end = '{name: end, type: post-rollout, url: "http://gate/end"}, {name: told, type: event, url: "http://gate/event"}'
    played(gate, *canary(f"[{end}]"), end=[YES], event=[YES])
    assert [(path, body["phase"]) for path, body in gate.heard][-2:] == [
        ("/end", "Succeeded"),
        ("/event", "Finalising"),
    ]
    back = '{name: back, type: rollback, url: "http://gate/rollback"}'
    played(gate, *canary(f"[{end}, {back}]"), end=[YES], event=[YES], rollback=[YES])
    assert [(path, body["phase"]) for path, body in gate.heard][-2:] == [("/event", "Failed"), ("/end", "Failed")]
