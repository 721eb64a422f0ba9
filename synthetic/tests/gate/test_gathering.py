"""gather(): from runs to pairs, streams and ticks; what can't be compared is missing, never a pass and never a failure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest

from synthetic.core.outcome import Blame, RunOutcome
from synthetic.gate.counts import Counts, Evidence, Tally
from synthetic.gate.gathering import Gathering, gather
from synthetic.gate.observed import Observation, Signal
from synthetic.gate.policy import RUN, HardStop, Objective, Policy
from synthetic.tests.gate.playing import ABORTED, FAILED, LAW, OK, SINCE_NS, TAINTED, at, pair, run, step

JOURNEYS = Objective("journeys", RUN, 0.999, share=0.5)
DEPOSITS = Objective("deposits", "deposit", 0.99, by="psp", share=0.3)
FAST = Objective("fast", "deposit", 0.95, measure="latency", threshold_ms=400, share=0.2)
POLICY = Policy((JOURNEYS, DEPOSITS, FAST), tick_s=30)


def gathered(*runs: Iterable[Observation], policy: Policy = POLICY, now_s: float = 600.0, **more: object) -> Evidence:
    observations = [one for some in runs for one in some]
    return gather(
        policy, observations, cell="canary", baseline="baseline", since_ns=SINCE_NS, now_ns=at(now_s), **more  # type: ignore[arg-type]
    )  # fmt: skip


def totals(evidence: Evidence) -> dict[str, Counts]:
    return {stream.name: stream.total for stream in evidence.streams}


@pytest.mark.parametrize(
    ("canary", "baseline", "counts"),
    [
        (OK, OK, Counts(1)),
        (FAILED, OK, Counts(1, canary_only=1)),
        (OK, FAILED, Counts(1, baseline_only=1)),
        (FAILED, FAILED, Counts(1, both=1)),
    ],
)
def test_a_pair_counts_by_which_side_failed(canary: RunOutcome, baseline: RunOutcome, counts: Counts) -> None:
    """Four cells of a McNemar table."""
    evidence = gathered(pair(canary, baseline))
    assert totals(evidence) == {"journeys": counts}
    assert (evidence.pairs, evidence.missing_pairs, evidence.last_pair_ns) == (1, 0, at(0))


@pytest.mark.parametrize("unusable", [TAINTED, ABORTED])
@pytest.mark.parametrize("other", [OK, FAILED, TAINTED])
def test_a_pair_with_a_side_that_says_nothing_is_missing(unusable: RunOutcome, other: RunOutcome) -> None:
    """Our own lag or fault on either side: the pair is in no rate, and counts as the harness's."""
    for sides in ((unusable, other), (other, unusable)):
        evidence = gathered(pair(*sides))
        assert (evidence.streams, evidence.pairs, evidence.missing_pairs) == ((), 0, 1)


def test_a_pair_whose_other_side_never_came_is_missing_once_it_should_be_there() -> None:
    """A run may be on its way for a while; after `stale_s` nobody waits for it, and what comes then makes no pair."""
    alone, late = pair()
    assert gathered([alone], now_s=POLICY.stale_s).missing_pairs == 0
    assert gathered([alone], now_s=POLICY.stale_s + 2).missing_pairs == 1
    gathering = Gathering(POLICY, "canary", "baseline", SINCE_NS)
    gathering.take(alone)
    assert gathering.evidence(at(200)).missing_pairs == 1
    gathering.take(late)
    evidence = gathering.evidence(at(201))
    assert (evidence.pairs, evidence.missing_pairs) == (0, 1)


def test_a_pair_whose_sides_went_to_different_psps_is_missing() -> None:
    """What the one PSP does says nothing beside the other; which was seen where is told all the same."""
    canary = run("canary", FAILED, pair="p", row={"psp": "psp-a"}, steps=[step("deposit", held=False, psp="psp-a")])
    baseline = run("baseline", pair="p", row={"psp": "psp-b"}, steps=[step("deposit", psp="psp-b")])
    evidence = gathered([canary, baseline], policy=replace(POLICY, hard_stops=(OUTAGE,)))
    assert (evidence.streams, evidence.stop_streams, evidence.pairs, evidence.missing_pairs) == ((), (), 0, 1)
    assert evidence.values == {"canary": {"psp": {"psp-a"}}, "baseline": {"psp": {"psp-b"}}}


def test_a_run_without_a_pair_is_left_out() -> None:
    """It was not played for a comparison: it neither counts nor is it missing, even if it failed."""
    evidence = gathered([run("canary", FAILED, pair=""), run("baseline", pair="", at_s=1)])
    assert (evidence.streams, evidence.pairs, evidence.missing_pairs) == ((), 0, 0)


def test_runs_of_other_cells_and_of_the_time_before_are_left_out() -> None:
    """Neither counts, nor breaks a law, nor is missing."""
    foreign = [replace(one, cell=f"other-{one.cell}", breaches=(LAW,)) for one in pair(FAILED)]
    early = [replace(one, breaches=(LAW,)) for one in pair(FAILED, at_s=-1)]
    assert gathered(foreign, early) == gathered()


def test_each_value_of_a_label_has_a_stream_of_its_own() -> None:
    """A row without a PSP is in none of them."""
    pairs = [pair(FAILED, psp="psp-b"), pair(psp="psp-a"), pair(FAILED, FAILED, psp="psp-b"), pair()]
    assert totals(gathered(*pairs)) == {
        "deposits[psp-a]": Counts(1),
        "deposits[psp-b]": Counts(2, canary_only=1, both=1),
        "fast": Counts(1),  # a quick failure is no answer, fast or slow
        "journeys": Counts(4, canary_only=1, both=1),
    }


def test_a_step_that_one_side_did_not_come_to_is_in_no_ratio() -> None:
    """The canary's login failed before it; that is a failure of its run, and none of the deposit."""
    canary = run("canary", FAILED, pair="p", row={"psp": "psp-a"}, steps=[step("login", held=False)])
    baseline = run("baseline", pair="p", row={"psp": "psp-a"}, steps=[step("login"), step("deposit")])
    assert totals(gathered([canary, baseline])) == {"journeys": Counts(1, canary_only=1)}


@pytest.mark.parametrize(
    ("canary", "counts"),
    [
        (step("deposit", ms=400), Counts(1)),
        (step("deposit", ms=400.1), Counts(1, canary_only=1)),
        (step("deposit", ms=900, held=False), Counts(1, canary_only=1)),
        (step("deposit", ms=90, held=False), None),
        (step("deposit", ms=900, tainted=True), None),
        (step("deposit", ms=900, held=None), None),
    ],
)
def test_a_latency_counts_what_took_longer_than_its_threshold(canary: object, counts: Counts | None) -> None:
    """A failure that took too long is too slow as well; a quick one, our lag and our fault say nothing."""
    runs = [run("canary", pair="p", steps=[canary]), run("baseline", pair="p", steps=[step("deposit")])]  # type: ignore[list-item]
    assert totals(gathered(runs)).get("fast") == counts


def test_pairs_are_counted_in_the_tick_in_which_they_were_played() -> None:
    """Whenever and in whatever order they come: late ones change the tick that they belong to."""
    pairs = [pair(at_s=seconds) for seconds in (0, 29.9, 30, 95)] + [pair(FAILED, at_s=31)]
    runs = [one for two in pairs for one in two]
    (stream,) = gathered(runs).streams
    assert stream.ticks == ((0, Counts(2)), (1, Counts(2, canary_only=1)), (3, Counts(1)))
    for seed in range(5):
        Random(seed).shuffle(runs)
        assert gathered(runs) == gathered(sorted(runs, key=lambda one: one.started_ns))


def test_a_run_that_is_told_twice_counts_once() -> None:
    """Two workers, or a restart, may tell the same."""
    runs = pair(FAILED)
    assert gathered(runs, runs) == gathered(runs)


def test_the_warm_up_is_left_aside() -> None:
    """No pair of it counts, and none is missing; a law that is broken in it is broken."""
    policy = replace(POLICY, warm_up_s=60.0)
    broken = [run("canary", pair="p", at_s=5, broken=[LAW]), run("baseline", pair="p", at_s=5)]
    evidence = gathered(pair(FAILED), pair(TAINTED), broken, pair(at_s=61), policy=policy)
    assert totals(evidence) == {"journeys": Counts(1)}
    assert (evidence.missing_pairs, evidence.breaches) == (0, {"canary": (LAW,)})


def test_pairs_since_the_last_step_are_counted_by_themselves() -> None:
    """What was played at 5 % says less of 25 %."""
    evidence = gathered(pair(at_s=10), pair(at_s=100), pair(at_s=200), step_ns=at(100))
    assert (evidence.pairs, evidence.step_pairs, evidence.last_pair_ns) == (3, 2, at(200))


def test_a_law_is_broken_by_one_side_or_by_both() -> None:
    """Once for each pair that broke it, so that one breach on the baseline does not excuse ten on the canary."""
    runs = []
    for number, (canary, baseline) in enumerate([([LAW], []), ([LAW, "b"], ["b"]), ([], ["c"]), ([LAW], [])]):
        runs += [run("canary", pair=f"p{number}", broken=canary), run("baseline", pair=f"p{number}", broken=baseline)]
    runs.append(run("canary", pair="", broken=["alone"]))
    assert gathered(runs).breaches == {
        "canary": (LAW, LAW, LAW), "baseline": ("c",), "both": ("b",), "canary_unpaired": ("alone",)
    }  # fmt: skip


def test_the_values_that_each_side_showed_are_told() -> None:
    """Of rows and of steps; a side without a run is not there."""
    assert gathered(pair(psp="psp-a"), pair(TAINTED, psp="psp-b")).values == {
        "canary": {"psp": {"psp-a", "psp-b"}},
        "baseline": {"psp": {"psp-a", "psp-b"}},
    }
    assert gathered([run("canary", pair="", row={"psp": "psp-a"})]).values == {"canary": {"psp": {"psp-a"}}}


def test_a_canary_without_a_baseline_has_no_pairs() -> None:
    """Nothing is missing, either: nothing was to be compared."""
    runs = [run("canary", FAILED, pair="p")]
    evidence = gather(POLICY, runs, cell="canary", baseline="", since_ns=SINCE_NS, now_ns=at(600))
    assert (evidence.pairs, evidence.missing_pairs, set(evidence.values)) == (0, 0, {"canary"})


@pytest.mark.parametrize(("ahead_s", "told"), [(3, 0), (20, 1), (3600, 1)])
def test_a_run_from_the_future_is_told_and_counts_nothing(ahead_s: float, told: int) -> None:
    """A few seconds are the skew of two clocks."""
    evidence = gathered(pair(at_s=0), pair(FAILED, at_s=600 + ahead_s), now_s=600)
    assert len(evidence.unreadable) == told
    assert evidence.last_pair_ns <= at(600)
    if ahead_s > POLICY.tick_s:
        assert totals(evidence) == {"journeys": Counts(1)}


def test_a_clock_that_went_back_behind_the_start_is_told() -> None:
    """Nothing is decided by such a clock."""
    assert gathered(now_s=-1).unreadable == ("the clock stands before the start of the watch",)


OUTAGE = HardStop("psp_outage", "deposit", above=0.5, at_least=2, within_s=60, by="psp")
PROVIDER = HardStop("provider_errors", "run", above=0.1, within_s=60, blame="provider")
CHARGEBACKS = HardStop("chargebacks", "signal", above=3, within_s=600)


def test_a_hard_stop_counts_what_has_happened_of_late() -> None:
    """Pairs only, by value: a run that has none, or not yet, could be a fault of both sides. What is older is forgotten."""
    policy = replace(POLICY, hard_stops=(OUTAGE, PROVIDER))
    blamed = [
        run("baseline", FAILED, pair="blamed", at_s=590, blame=Blame.PROVIDER),
        run("canary", FAILED, pair="blamed", at_s=590, blame=Blame.PLATFORM),
    ]
    waiting = run("canary", FAILED, pair="waiting", at_s=590, blame=Blame.PROVIDER, row={"psp": "psp-a"})
    runs = [
        *pair(FAILED, psp="psp-a", at_s=100),
        *pair(FAILED, psp="psp-a", at_s=580),
        *pair(psp="psp-a", at_s=585),
        *blamed,
        waiting,
        run("canary", FAILED, pair="", at_s=591, blame=Blame.PROVIDER),
    ]
    assert gathered(runs, policy=policy).tallies == {
        "psp_outage": (Tally("baseline", 2, 0, "psp-a"), Tally("canary", 2, 1, "psp-a")),
        "provider_errors": (Tally("baseline", 3, 1), Tally("canary", 3, 0)),
    }
    streams = {stream.name: stream.ticks for stream in gathered(runs, policy=policy).stop_streams}
    assert streams["psp_outage[psp-a]"] == ((3, Counts(1, 1)), (19, Counts(2, 1)))
    assert streams["provider_errors"][-1] == (19, Counts(3, baseline_only=1))


def test_a_pair_is_in_a_hard_stop_when_its_second_run_has_ended() -> None:
    """Nobody sees one side of an outage a second before the other."""
    policy = replace(POLICY, hard_stops=(OUTAGE,))
    canary, baseline = pair(FAILED, FAILED, psp="psp-a", at_s=580)
    slow = replace(baseline, duration_ns=9 * 10**9)
    assert gathered([canary, slow], policy=policy, now_s=588).tallies == {"psp_outage": ()}
    both = (Tally("baseline", 1, 1, "psp-a"), Tally("canary", 1, 1, "psp-a"))
    assert gathered([canary, slow], policy=policy, now_s=589).tallies == {"psp_outage": both}


def test_what_is_reported_is_summed_up() -> None:
    """Of each cell; other names, other cells, old ones, what is no number and what would take others back are left aside."""
    policy = replace(POLICY, hard_stops=(CHARGEBACKS,))
    signals = [
        Signal("chargebacks", "canary", 2, at(100)),
        Signal("chargebacks", "canary", 3, at(300)),
        Signal("chargebacks", "canary", -4, at(301)),
        Signal("chargebacks", "baseline", 1, at(-100)),
        Signal("chargebacks", "elsewhere", 9, at(300)),
        Signal("other", "canary", 9, at(300)),
        Signal("chargebacks", "baseline", float("nan"), at(300)),
    ]
    assert gathered(policy=policy, signals=signals).tallies == {"chargebacks": (Tally("canary", 1, 1, "", 5.0),)}
