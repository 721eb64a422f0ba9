"""The document as a whole: what was decided, on how much, since when; and that it is JSON without NaN."""

from __future__ import annotations

import json
from typing import get_args

import jsonschema
import pytest
from pydantic import ValidationError

from synthetic.core.outcome import RunOutcome
from synthetic.gate.counts import Counts
from synthetic.gate.decision import Decision, Reason, Verdict
from synthetic.report.health import DecisionLine, build_health, health_schema
from synthetic.report.health.document import Share
from synthetic.report.health.wording import HEADLINES, NOTHING_TO_DO, WHAT_TO_DO
from synthetic.report.records import utc
from synthetic.tests.report.health.seen import SECOND, T0_NS, failed, seen, watched, weighed


def line(at_s: float, verdict: str, reason: str) -> DecisionLine:
    return DecisionLine(at=utc(T0_NS + int(at_s * SECOND)), verdict=verdict, reason=reason, explanation="", weight=5)


def test_nothing_is_known_of_a_rollout_without_runs() -> None:
    """No pair, no ratio, no latency: null and empty, never a zero that looks like a measurement."""
    health = build_health(watched())
    assert health.evidence.pairs == 0
    assert health.evidence.last_pair_at is None
    assert (health.groups, health.latencies, health.streams, health.failing) == ([], [], [], [])


def test_a_pair_counts_once_both_of_its_runs_are_usable() -> None:
    """A run without its twin is no pair; a pair with a tainted run is missing, not clean."""
    alone = seen("canary", 30)
    both = seen("canary", 0), seen("baseline", 0)
    spoilt = seen("canary", 10), seen("baseline", 10, outcome=RunOutcome.TAINTED)
    evidence = build_health(watched(alone, *both, *spoilt)).evidence
    assert (evidence.pairs, evidence.missing_pairs) == (1, 1)
    assert evidence.runs == {"canary": 3, "baseline": 2}


def test_evidence_is_as_fresh_as_the_newest_complete_pair() -> None:
    """A pair is complete when its later run has ended; a lone run refreshes nothing."""
    slow = seen("baseline", 20, duration_ns=5 * SECOND)
    evidence = build_health(watched(seen("canary", 20), slow, seen("canary", 50))).evidence
    assert evidence.last_pair_at == utc(T0_NS + 25 * SECOND)


def test_runs_of_other_cells_and_of_before_the_watch_are_left_aside() -> None:
    """A page of one rollout shows its two cells since its start."""
    health = build_health(watched(seen("canary", -1), seen("canary", 1, cell="elsewhere"), seen("baseline", 2)))
    assert health.evidence.runs == {"canary": 0, "baseline": 1}


def test_figures_are_those_of_the_window_before_the_newest_run() -> None:
    """Of a long watch the last 15 minutes; also where it has fallen silent since. What failed before is still listed."""
    runs = failed("canary", 0), seen("canary", 1000), seen("canary", 1600), seen("baseline", 1000)
    health = build_health(watched(*runs, now_s=9000.0))
    assert health.evidence.figures_since == utc(T0_NS + 700 * SECOND)
    assert {(group.canary.held, group.canary.total) for group in health.groups if group.kind == "flow"} == {(2, 2)}
    assert health.latencies[0].canary.count == 2
    assert health.failing[0].count == 1


def test_versions_that_nobody_told_are_those_that_the_runs_have_met() -> None:
    """The newest run of a cell says which version answers there."""
    rollout = build_health(watched(seen("canary", 0, version="2.3.9"), seen("canary", 5), seen("baseline", 5))).rollout
    assert (rollout.version, rollout.baseline_version) == ("2.4.0", "2.3.1")


def test_a_verdict_is_as_old_as_the_first_decision_in_a_row_that_says_it() -> None:
    """A paragraph may change while verdict and reason stay; an older spell of the same verdict does not count."""
    decided = [
        line(5, "inconclusive", "insufficient"),
        line(10, "fail", "regression"),
        line(20, "inconclusive", "insufficient"),
        line(40, "inconclusive", "insufficient"),
    ]
    health = build_health(watched(decided=decided))
    assert health.verdict.since == utc(T0_NS + 20 * SECOND)
    assert [told.at for told in health.history] == [told.at for told in reversed(decided)]


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_says_what_to_do(reason: Reason) -> None:
    """Nobody is left with a reason and no next step."""
    verdict = build_health(watched(decision=Decision("inconclusive", reason, "why"))).verdict
    assert verdict.todo == WHAT_TO_DO[reason] != ""
    assert verdict.explanation == "why"


def test_every_verdict_has_a_headline_of_its_own() -> None:
    """Three verdicts, three different answers to `may I go on?`."""
    assert set(HEADLINES) == set(get_args(Verdict))
    assert len(set(HEADLINES.values())) == 3


@pytest.mark.parametrize(
    ("ending", "headline"),
    [("promoted", "Promoted"), ("rolled_back", "Rolled back"), ("aborted", "Aborted"), ("", "Ended")],
)
def test_a_rollout_that_has_ended_asks_for_nothing_more(ending: str, headline: str) -> None:
    """Nobody is told to hold or to roll back what is over."""
    facts = watched().facts.model_copy(update={"ended_at": utc(T0_NS + 50 * SECOND), "ending": ending})
    verdict = build_health(watched(facts=facts)).verdict
    assert (verdict.headline, verdict.todo) == (headline, NOTHING_TO_DO)


def test_what_was_decided_of_an_ended_rollout_tells_nobody_to_do_it() -> None:
    """The paragraph stays, its advice goes; while the rollout goes on, both are there."""
    decision = Decision("fail", Reason.REGRESSION, "The canary alone failed. Roll back.")
    facts = watched().facts.model_copy(update={"ended_at": utc(T0_NS + 50 * SECOND), "ending": "rolled_back"})
    assert build_health(watched(decision=decision)).verdict.explanation == "The canary alone failed. Roll back."
    assert build_health(watched(facts=facts, decision=decision)).verdict.explanation == "The canary alone failed."


@pytest.mark.parametrize(
    ("verdict", "reason", "standing"),
    [
        ("fail", Reason.MONEY_LAW, "suspect"),
        ("inconclusive", Reason.PAUSE, "suspect"),
        ("inconclusive", Reason.STALE, "pass"),
    ],
)
def test_a_fail_and_a_pause_leave_no_rising_promise_green(verdict: Verdict, reason: Reason, standing: str) -> None:
    """Three of them have failed on the canary alone, and its line rises."""
    line = ((0, 10.0, 5.0, 30.0),)
    rising = weighed(counts=Counts(40, 3), e_budget=10.0, e_pair=5.0, e_pass=30.0, line=line)
    assert build_health(watched(decision=Decision(verdict, reason, "why", (rising,)))).streams[0].standing == standing


def test_a_thrown_switch_and_stranded_money_are_told() -> None:
    """What is zero is not stranded."""
    health = build_health(watched(kill=["killed by ann: psp incident"], stranded={"EUR": 250, "SEK": 0}))
    assert health.kill_switch.stopped
    assert [str(amount) for amount in health.stranded] == ["2.50 EUR"]


def test_the_document_keeps_its_schema_and_holds_no_nan() -> None:
    """Whole JSON: a reader that knows nothing of NaN reads it, and the published schema describes it."""
    telling = weighed(line=((0, 1.0, 1.0, 1.0), (1, 5.0, 2.0, 0.5)))
    decision = Decision("fail", Reason.REGRESSION, "why", (telling,), suspect=True, ready_in_s=30.0)
    health = build_health(watched(failed("canary", 5), seen("baseline", 5), decision=decision))
    document = json.loads(health.model_dump_json(), parse_constant=pytest.fail)
    jsonschema.validate(document, health_schema())


def test_a_share_that_is_no_number_is_refused() -> None:
    """NaN can't get into the document: the mistake shows where it is made."""
    with pytest.raises(ValidationError):
        Share(held=0, total=0, ratio=float("nan"), low=None, high=None)
