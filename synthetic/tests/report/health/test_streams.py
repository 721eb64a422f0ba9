"""Evidence as a way towards two thresholds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synthetic.gate.counts import Counts
from synthetic.report.health.streams import FAR, POINTS_MAX, streams, towards
from synthetic.report.records import utc
from synthetic.tests.report.health.seen import POLICY, SECOND, T0_NS, weighed


@given(st.floats(0, 1e300), st.floats(1.001, 1e6))
def test_a_threshold_is_reached_exactly_where_the_gate_says_so(evidence: float, needed: float) -> None:
    """1 and more on the page if and only if the evidence is what is needed; never outside the chart."""
    share = towards(evidence, needed)
    assert 0.0 <= share <= FAR
    assert (share >= 1.0) is (evidence >= needed)


def test_where_no_evidence_is_needed_it_is_there_or_not() -> None:
    """There is no logarithm to take a share of."""
    assert (towards(1.0, 1.0), towards(0.5, 1.0)) == (1.0, 0.0)


def test_a_rollback_is_as_near_as_the_farther_of_its_two_tests() -> None:
    """Many failures that the baseline shares do not move the line up."""
    (shared,) = streams(POLICY, [weighed(e_budget=1e9, e_pair=10.0)], since_ns=T0_NS)
    assert (shared.to_budget, shared.to_canary_only, shared.to_rollback) == (FAR, 0.5, 0.5)


def test_a_line_begins_without_evidence_and_has_a_point_at_the_end_of_each_tick() -> None:
    """Ticks of 20 s from the start of the watch; a tick without pairs has no point."""
    (told,) = streams(POLICY, [weighed(line=((0, 10.0, 10.0, 2.0), (3, 1000.0, 100.0, 20.0)))], since_ns=T0_NS)
    assert [point.at for point in told.line] == [utc(T0_NS), utc(T0_NS + 20 * SECOND), utc(T0_NS + 80 * SECOND)]
    assert [point.to_rollback for point in told.line] == [0.0, 0.3333, 1.0]
    assert told.line[-1].to_pass == 1.0


def test_the_line_of_a_long_watch_is_thinned_and_keeps_its_last_point() -> None:
    """A day of ticks is no heavier than an hour's."""
    long = tuple((tick, 1.0, 1.0, 20.0 if tick == 2879 else 1.0) for tick in range(2880))
    (told,) = streams(POLICY, [weighed(line=long)], since_ns=T0_NS)
    assert len(told.line) <= POINTS_MAX + 1
    assert told.line[-1].to_pass == 1.0


def test_what_is_nearest_to_a_rollback_comes_first() -> None:
    """What has crossed before everything else, whatever its numbers are now."""
    near = weighed(stream="near", e_budget=100.0, e_pair=50.0)
    crossed = weighed(stream="crossed", regressed=True)
    calm = weighed(stream="calm")
    assert [one.stream for one in streams(POLICY, [calm, near, crossed], since_ns=T0_NS)] == ["crossed", "near", "calm"]


RISING = ((0, 1.0, 1.0, 30.0), (1, 10.0, 5.0, 30.0), (2, 20.0, 10.0, 30.0))
FALLING = ((0, 20.0, 10.0, 30.0), (1, 10.0, 5.0, 30.0), (2, 5.0, 4.0, 30.0), (3, 3.0, 2.0, 30.0))


def test_beside_a_fail_a_promise_that_the_canary_breaks_more_and_more_does_not_pass() -> None:
    """Suspect, where its line rises. One whose line falls, or that only the baseline breaks, passes."""
    risen = {"e_budget": 20.0, "e_pair": 10.0, "e_pass": 30.0}
    rising = weighed(stream="rising", counts=Counts(40, 3), line=RISING, **risen)
    falling = weighed(stream="falling", counts=Counts(40, 3), line=FALLING, e_budget=3.0, e_pair=2.0, e_pass=30.0)
    others = weighed(stream="others", counts=Counts(40, 0, 3), line=RISING, **risen)
    told = {
        one.stream: one.standing for one in streams(POLICY, [rising, falling, others], since_ns=T0_NS, doubted=True)
    }
    assert told == {"rising": "suspect", "falling": "pass", "others": "pass"}
    assert streams(POLICY, [rising], since_ns=T0_NS)[0].standing == "pass"


def test_a_promise_that_is_over_both_tests_does_not_pass() -> None:
    """Whatever its evidence for a pass was before; and one that has nothing certain has no standing."""
    over = weighed(stream="over", e_budget=2000.0, e_pair=200.0, e_pass=30.0)
    regressed = weighed(stream="regressed", regressed=True, e_pass=30.0)
    told = {
        one.stream: one.standing for one in streams(POLICY, [over, regressed, weighed(stream="new")], since_ns=T0_NS)
    }
    assert told == {"over": "over", "regressed": "regressed", "new": ""}


def test_a_stream_says_what_is_promised_and_what_was_counted() -> None:
    """In words and whole numbers."""
    slow = weighed(
        stream="p95_payments_deposit", objective="p95_payments_deposit", value="", counts=Counts(40, 3, 1, 2)
    )
    by_psp, latency = streams(POLICY, [weighed(), slow], since_ns=T0_NS)
    assert (by_psp.title, by_psp.promise) == ("deposit success: psp-a", "at least 99 %")
    assert (latency.promise, latency.sli) == ("95 % within 400 ms", "deposit")
    assert (latency.pairs, latency.canary_only, latency.baseline_only, latency.both) == (40, 3, 1, 2)
