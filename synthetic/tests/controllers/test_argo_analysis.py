"""Argo's AnalysisRun: what one measurement is, what limits make of many, and what becomes of the run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest

from synthetic.tests.controllers.argo_analysis import AnalysisRun, Metric, Phase, assessed, measured, read
from synthetic.tests.controllers.calling import Answer
from synthetic.tests.controllers.manifests import metric
from synthetic.tests.controllers.pace import Compressed
from synthetic.tests.controllers.scripted import ScriptedGate

S, F, I, E = Phase.SUCCESSFUL, Phase.FAILED, Phase.INCONCLUSIVE, Phase.ERROR  # noqa: E741
NAN = math.nan
OK, BAD = "result[0] >= 0.99", "result[0] < 0.95"
PASS = (200, '{"verdict": "pass"}')
FAIL = (200, '{"verdict": "fail"}')
UNSURE = (200, '{"verdict": "inconclusive", "reason": "insufficient"}')
BROKEN = (500, "")


@pytest.mark.parametrize(
    ("success", "failure", "result", "phase"),
    [
        (OK, "", [1.0], S),
        (OK, "", [0.97], F),
        ("", BAD, [0.97], S),
        ("", BAD, [0.90], F),
        (OK, BAD, [1.0], S),
        (OK, BAD, [0.97], I),
        (OK, BAD, [0.90], F),
        ("result[0] > 0", "result[0] > 0", [1.0], F),
        ("", "", [0.1], S),
        (OK, "", [NAN], F),
        (OK, BAD, [NAN], I),
        ("", BAD, [NAN], S),
        (OK, BAD, [], E),
        (OK, "", {"verdict": "pass"}, E),
        ("result", "", {"verdict": "pass"}, E),
        ("result.nothing == 'x'", "", {"verdict": "pass"}, F),
        ("result.nothing.more == 'x'", "", {"verdict": "pass"}, E),
        ("result.verdict in ['pass', 'hold'] && !isNil(result.verdict)", "", {"verdict": "hold"}, S),
    ],
)
def test_a_measurement_is_judged_by_its_conditions(success: str, failure: str, result: object, phase: Phase) -> None:
    """Failure wins, neither is Inconclusive, and a NaN passes in silence where only a failure is described."""
    assert measured({"successCondition": success, "failureCondition": failure}, result) is phase


def counted(spec: dict[str, Any], phases: Sequence[Phase]) -> Metric:
    one = Metric(spec)
    for phase in phases:
        one.take(phase, 0.0)
    return one


@pytest.mark.parametrize(
    ("changed", "phases", "then"),
    [
        ({}, [F], F),
        ({"failureLimit": 2}, [F, F], Phase.RUNNING),
        ({"failureLimit": 2, "consecutiveSuccessLimit": None}, [F, S, F, S, F], F),
        ({"failureLimit": -1}, [F, F, F], Phase.RUNNING),
        ({"inconclusiveLimit": 2}, [I, I], Phase.RUNNING),
        ({"inconclusiveLimit": 2}, [I, I, I], I),
        ({"inconclusiveLimit": None}, [I], I),
        ({"consecutiveErrorLimit": None}, [E] * 4, Phase.RUNNING),
        ({"consecutiveErrorLimit": None}, [E] * 5, E),
        ({"consecutiveErrorLimit": None}, [E] * 4 + [I] + [E] * 4, Phase.RUNNING),
        ({"inconclusiveLimit": 0}, [F, I], I),
        ({"consecutiveErrorLimit": 0}, [F, E], E),
        ({"consecutiveSuccessLimit": 2}, [S], Phase.RUNNING),
        ({"consecutiveSuccessLimit": 2}, [S, I, S], Phase.RUNNING),
        ({"consecutiveSuccessLimit": 2}, [I, S, S], S),
        ({"count": 3, "consecutiveSuccessLimit": None}, [S, S], Phase.RUNNING),
        ({"count": 3, "consecutiveSuccessLimit": None}, [S, S, S], S),
        ({"count": 3, "consecutiveSuccessLimit": None}, [S, E, E, S], Phase.RUNNING),
        ({"count": None, "interval": None, "consecutiveSuccessLimit": None}, [S], S),
    ],
)
def test_limits_make_the_phase_of_a_metric(changed: dict[str, Any], phases: Sequence[Phase], then: Phase) -> None:
    """Failures and inconclusives add up, errors in a row; errors do not count; the later check overrides the earlier."""
    assert assessed(counted(metric(**changed), phases)) is then


def test_as_many_inconclusives_as_counts_promote_what_nobody_has_measured() -> None:
    """Before 1.8, and without a success limit ever after: the reason why our template keeps the limit below the count."""
    spec = metric(count=3, inconclusiveLimit=3)
    assert assessed(counted(spec, [I, I, I]), since_1_8=False) is S
    assert assessed(counted(spec, [I, I, I])) is I
    assert assessed(counted(metric(count=3, inconclusiveLimit=2), [I, I, I]), since_1_8=False) is I


def test_only_successes_in_a_row_asked_for_and_none_came_is_a_failure() -> None:
    """With `failureLimit: -1` nothing but the count can end it."""
    assert assessed(counted(metric(count=2, failureLimit=-1), [F, F])) is F


def test_terminated_before_the_first_measurement_is_successful() -> None:
    """Unmeasured is Successful for Argo (issues 1329, 2158): a background analysis that never measured hides nothing."""
    assert assessed(Metric(metric()), terminating=True) is S
    assert assessed(counted(metric(), [I]), terminating=True) is S


@pytest.mark.parametrize(
    ("answer", "path", "told"),
    [
        (Answer(503, "broken"), "{$}", "non 2xx response code: 503"),
        (Answer(0, "ConnectError"), "{$}", "non 2xx response code: 0"),
        (Answer(304, ""), "{$}", "304"),
        (Answer(200, "<html>"), "{$}", "Expecting value"),
        (Answer(200, '{"e": NaN}'), "{$}", "invalid JSON: NaN"),
        (Answer(200, '{"a": {"b": [1]}}'), "{$.a.c}", "c is not found"),
        (Answer(200, '{"a": {"b": [1]}}'), "{$.a.b[1]}", "1 is not found"),
    ],
)
def test_what_is_no_2xx_and_no_json_is_an_error(answer: Answer, path: str, told: str) -> None:
    """Never a verdict; NaN is no JSON to Go."""
    with pytest.raises(ValueError, match=told):
        read(answer, path)


def test_a_path_finds_its_value() -> None:
    """`{$}` is the whole body."""
    answer = Answer(201, '{"a": {"b": [1, 2]}}')
    assert read(answer, "{$}") == {"a": {"b": [1, 2]}}
    assert read(answer, "{$.a.b[1]}") == 2


def test_a_run_asks_at_its_interval_and_leaves_at_the_first_pass(gate: ScriptedGate) -> None:
    """Inconclusive answers wait; the argument of the rollout is in the query."""
    gate.script(verdict=[UNSURE, UNSURE, PASS])
    pace = Compressed()
    run = AnalysisRun([metric()], {"rollout-id": "wallet 1"}, gate.caller, pace)
    while not run.reconcile().is_complete:
        pace.wait_s((run.due_s() or 0.0) - pace.now_s())
    assert (run.phase, pace.waited) == (S, [30.0, 30.0])
    assert gate.caller.asked[0] == ("GET", "/verdict?rollout=wallet%201", 200)


def test_an_error_is_tried_again_after_ten_seconds(gate: ScriptedGate) -> None:
    """Whatever the interval; and it does not count."""
    gate.script(verdict=[BROKEN, (200, "{}"), FAIL])
    pace = Compressed()
    run = AnalysisRun([metric()], {"rollout-id": "1"}, gate.caller, pace)
    while not run.reconcile().is_complete:
        pace.wait_s((run.due_s() or 0.0) - pace.now_s())
    assert (run.phase, pace.waited) == (F, [10.0, 30.0])
    assert (run.metrics[0].count, run.metrics[0].errors) == (2, 1)


@pytest.mark.parametrize(
    ("answers", "phase"),
    [([PASS, PASS], S), ([PASS, UNSURE], I), ([UNSURE, BROKEN], E), ([BROKEN, FAIL], F), ([FAIL, PASS], F)],
)
def test_a_run_is_as_bad_as_its_worst_metric(gate: ScriptedGate, answers: list[tuple[int, str]], phase: Phase) -> None:
    """Failed, then Error, then Inconclusive."""
    once = {"count": 1, "inconclusiveLimit": 0, "consecutiveErrorLimit": 0}
    web = metric()["provider"]["web"]
    metrics = [
        metric(**once, name=name, provider={"web": {**web, "url": f"http://gate/{name}"}}) for name in ("one", "two")
    ]
    gate.script(one=[answers[0]], two=[answers[1]])
    assert AnalysisRun(metrics, {}, gate.caller, Compressed()).reconcile() is phase
