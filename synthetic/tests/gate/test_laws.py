"""The laws of a decision, over any evidence: monotone, symmetric, none without data, and nothing that is no number."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace

from hypothesis import given
from hypothesis import strategies as st

from synthetic.gate.counts import Counts, Evidence, Stream, Tally
from synthetic.gate.decide import decide
from synthetic.gate.decision import Reason
from synthetic.gate.observed import Signal
from synthetic.gate.policy import RUN, HardStop, Objective, Policy
from synthetic.tests.gate.playing import LAW, SINCE_NS, at, evidence

JOURNEYS = Objective("journeys", RUN, 0.999, share=0.7)
DEPOSITS = Objective("deposits", "deposit", 0.99, by="psp", share=0.2)
SLOW = Objective("slow", "deposit", 0.95, measure="latency", threshold_ms=400, share=0.1)
POLICY = Policy((JOURNEYS,))
ALL = Policy(
    (JOURNEYS, DEPOSITS, SLOW), hard_stops=(HardStop("outage", "deposit", 0.5), HardStop("reports", "signal", 3))
)

tick_counts = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 20)).map(
    lambda made: Counts(sum(made), made[0], made[1], made[2])
)
courses = st.lists(tick_counts, min_size=1, max_size=50)


def stream(course: list[Counts], objective: str = "journeys", value: str = "") -> Stream:
    return Stream(objective, value, tuple(enumerate(course)))


def watched(*streams: Stream) -> Evidence:
    return evidence(*streams, now_s=50 * POLICY.tick_s)


def mirrored(counts: Counts) -> Counts:
    return Counts(counts.pairs, counts.baseline_only, counts.canary_only, counts.both)


@given(courses, st.data())
def test_one_more_clean_pair_is_never_worse_and_one_more_failure_never_better(
    course: list[Counts], data: st.DataObject
) -> None:
    """For each of the three: above the budget, canary-sided, below the margin."""
    place = data.draw(st.integers(0, len(course) - 1))
    base, clean, failed, shared = (
        decide(POLICY, watched(stream([*course[:place], course[place] + more, *course[place + 1 :]]))).streams[0]
        for more in (Counts(), Counts(1), Counts(1, canary_only=1), Counts(1, baseline_only=1))
    )
    close = 1 + 1e-9
    assert clean.e_budget <= base.e_budget * close
    assert clean.e_pass >= base.e_pass / close
    assert clean.e_pair == base.e_pair
    assert failed.e_pair >= base.e_pair / close
    assert failed.e_pass <= base.e_pass * close
    assert failed.e_budget >= clean.e_budget / close
    assert shared.e_pair <= base.e_pair * close


lopsided = st.lists(st.integers(0, 2).map(lambda failed: Counts(9, canary_only=failed)), min_size=8, max_size=30)


@given(st.one_of(courses, lopsided))
def test_no_regression_is_one_from_both_sides(course: list[Counts]) -> None:
    """What speaks against the canary speaks for it where the two change their places."""
    one = decide(POLICY, watched(stream(course))).streams[0]
    other = decide(POLICY, watched(stream([mirrored(counts) for counts in course]))).streams[0]
    assert not (one.streak and other.streak)
    if one.streak:
        assert other.e_pair < 1


@given(courses)
def test_what_hits_both_sides_alike_is_no_regression(course: list[Counts]) -> None:
    """As many failures on the one side as on the other in every tick: never a rollback, however many."""
    alike = [
        Counts(counts.pairs + counts.canary_only, counts.canary_only, counts.canary_only, counts.both)
        for counts in course
    ]
    alike = [
        counts if counts.canary_only * 2 + counts.both <= counts.pairs else Counts(counts.pairs) for counts in alike
    ]
    assert decide(POLICY, watched(stream(alike))).verdict != "fail"


@given(courses, courses)
def test_names_of_values_decide_nothing(one: list[Counts], other: list[Counts]) -> None:
    """The PSP that fails may be called one way or the other."""
    policy = Policy((DEPOSITS,))
    values = {track: {"psp": frozenset("ab")} for track in ("canary", "baseline")}
    here, there = (
        decide(
            policy, replace(watched(stream(one, "deposits", first), stream(other, "deposits", second)), values=values)
        )
        for first, second in ("ab", "ba")
    )
    assert (here.verdict, here.reason, here.pairs_missing) == (there.verdict, there.reason, there.pairs_missing)


@given(st.floats(0, 1e6), st.sampled_from([POLICY, ALL, Policy(())]), st.integers(0, 50))
def test_without_data_nothing_is_decided(now_s: float, policy: Policy, missing: int) -> None:
    """However long it is waited, and whatever is asked."""
    decision = decide(policy, evidence(now_s=now_s, missing_pairs=missing))
    assert decision.verdict == "inconclusive"
    assert (decision.streams == ()) == (not policy.objectives)


@given(courses, st.integers(0, 29))
def test_too_few_pairs_never_pass(course: list[Counts], pairs: int) -> None:
    """Neither in all, nor since the last step of the rollout."""
    few = [Counts(1)] * pairs
    assert decide(replace(POLICY, window_s=0), watched(stream(few or [Counts()]))).verdict != "pass"
    assert decide(POLICY, replace(watched(stream(course)), step_pairs=pairs)).verdict != "pass"


wild = st.integers(-5, 40)
wild_counts = st.builds(Counts, wild, wild, wild, wild)
wild_floats = st.floats(allow_nan=True, allow_infinity=True)
wild_streams = st.lists(
    st.builds(
        Stream,
        st.sampled_from(["journeys", "deposits", "slow", "foreign"]),
        st.sampled_from(["", "psp-a", "psp-b"]),
        st.lists(st.tuples(st.integers(0, 5000), wild_counts), max_size=8, unique_by=lambda one: one[0]).map(
            lambda ticks: tuple(sorted(ticks, key=lambda one: one[0]))
        ),
    ),
    max_size=6,
    unique_by=lambda one: one.name,
)  # fmt: skip
wild_evidence = st.builds(
    Evidence,
    since_ns=st.just(SINCE_NS),
    now_ns=st.integers(-1000, 200_000).map(at),
    streams=wild_streams.map(tuple),
    pairs=st.integers(0, 500),
    step_pairs=st.integers(0, 500),
    missing_pairs=st.integers(0, 50),
    last_pair_ns=st.one_of(st.just(0), st.integers(-1000, 200_000).map(at)),
    values=st.dictionaries(
        st.sampled_from(["canary", "baseline"]), st.just({"psp": frozenset({"psp-a"})}), max_size=2
    ),
    breaches=st.dictionaries(
        st.sampled_from(["canary", "baseline", "both"]), st.lists(st.sampled_from([LAW, "b-law"]), max_size=5).map(tuple)
    ),
    tallies=st.dictionaries(
        st.sampled_from(["outage", "reports"]),
        st.lists(
            st.builds(Tally, st.sampled_from(["canary", "baseline"]), wild, wild, st.just(""), wild_floats), max_size=3
        ).map(tuple),
    ),
    signals=st.lists(
        st.builds(Signal, st.just("reports"), st.just("canary"), wild_floats, st.just(SINCE_NS)), max_size=2
    ).map(tuple),
    unreadable=st.sampled_from([(), ("a run is dated 9 s in the future",)]),
)  # fmt: skip


@given(wild_evidence)
def test_any_evidence_is_answered_in_numbers_and_nothing_impossible_passes(given_evidence: Evidence) -> None:
    """Negative counts, NaN, times of the future: never a pass, never a NaN, always a sentence; and the same again is the same."""
    decision = decide(ALL, given_evidence)
    json.dumps(asdict(decision), allow_nan=False)
    assert decision.explanation.endswith(".")
    assert decide(ALL, given_evidence) == decision
    counts = [counts for stream in given_evidence.streams for _, counts in stream.ticks]
    impossible = [
        one
        for one in counts
        if min(one.canary_only, one.baseline_only, one.both) < 0 or one.canary_failed + one.baseline_only > one.pairs
    ]
    no_number = [signal for signal in given_evidence.signals if not math.isfinite(signal.value)]
    if impossible or no_number:
        assert (decision.verdict, decision.reason) == ("inconclusive", Reason.UNKNOWN)
    if decision.verdict == "pass":
        assert not given_evidence.unreadable
        assert not given_evidence.breaches.get("canary")
        assert given_evidence.now_ns >= given_evidence.last_pair_ns
