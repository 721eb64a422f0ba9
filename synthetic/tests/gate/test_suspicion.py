"""When a canary is suspect, so that it is played denser: at the start of something, and where it fails alone."""

from __future__ import annotations

from dataclasses import replace

from synthetic.gate.counts import Counts
from synthetic.gate.decide import decide
from synthetic.gate.decision import Reason
from synthetic.tests.gate.playing import at, evidence, ticks
from synthetic.tests.gate.policies import CLEAN, POLICY, SLOW, WATCHED


def test_the_start_of_a_watch_is_played_denser() -> None:
    """A bad release is bad from its first minute on; not for longer than the window, and what is held is told by reasons."""
    clean = ticks(*WATCHED)
    assert decide(POLICY, evidence(clean, now_s=POLICY.eager_s - 1)).suspect
    assert not decide(POLICY, evidence(clean, now_s=POLICY.eager_s + 1)).suspect
    assert not decide(replace(POLICY, window_s=60), evidence(clean, now_s=61)).suspect


def test_the_start_of_a_step_is_played_denser() -> None:
    """More of the traffic is on the canary from then on; but for a policy that is never eager."""
    stepped = evidence(ticks(*WATCHED), step_ns=at(900 - POLICY.step_s + 1))
    assert decide(POLICY, stepped).suspect
    assert not decide(POLICY, replace(stepped, step_ns=at(900 - POLICY.step_s - 1))).suspect
    assert not decide(replace(POLICY, eager_s=0), stepped).suspect


def test_a_failure_of_the_canary_alone_makes_it_suspect_for_a_while() -> None:
    """Then probes are denser; what both sides share, or the baseline alone, is no suspicion."""
    policy = replace(POLICY, eager_s=0)
    failed = ticks(CLEAN, Counts(9, canary_only=1))
    assert decide(policy, evidence(failed, now_s=60)).suspect
    assert decide(policy, evidence(failed, now_s=60 + POLICY.suspect_for_s - 1)).suspect
    assert not decide(policy, evidence(failed, now_s=60 + POLICY.suspect_for_s + 1)).suspect
    assert not decide(policy, evidence(ticks(CLEAN, Counts(9, baseline_only=2, both=2)), now_s=60)).suspect


def test_slow_answers_are_suspicious_where_they_are_more_than_their_budget() -> None:
    """Of a hundred answers five may be slow: one is nothing to hold a release for, nor to play denser; a third of them is."""
    policy = replace(POLICY, objectives=(SLOW,), eager_s=0)
    some, many = (
        decide(policy, evidence(ticks(*[Counts(9)] * 29, last, objective="slow")))
        for last in (Counts(9, 1), Counts(9, 6))
    )
    assert (some.verdict, some.suspect) == ("pass", False)
    assert (many.reason, many.suspect) == (Reason.PAUSE, True)
