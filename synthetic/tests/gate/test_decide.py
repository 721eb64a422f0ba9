"""decide(): a table from evidence to verdict and reason, and explanations that name their numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.gate.counts import Counts, Evidence, Stream, Tally
from synthetic.gate.decide import decide
from synthetic.gate.decision import Reason
from synthetic.gate.observed import Signal
from synthetic.gate.policy import Policy
from synthetic.tests.gate.playing import LAW, at, evidence, ticks
from synthetic.tests.gate.policies import BAD, BY_PSP, CLEAN, POLICY, PSPS, WATCHED, WORST, deposits

BROWNOUT = Counts(9, both=3)


def outage(psp_a: Counts, psp_b: Counts | None = None) -> Evidence:
    """Deposits of a PSP in pairs, within the hard stop's time, all of them in the first tick; all else is clean."""
    both = {"psp-a": psp_a, "psp-b": psp_b or Counts()}
    tallies = [
        Tally(track, counts.pairs, bad, value)
        for value, counts in both.items()
        for track, bad in (("canary", counts.canary_failed), ("baseline", counts.baseline_failed))
    ]
    streams = tuple(ticks(counts, objective="psp_outage", value=value) for value, counts in both.items())
    return evidence(ticks(*WATCHED), now_s=870, tallies={"psp_outage": tuple(tallies)}, stop_streams=streams)


def chargebacks(canary: float, baseline: float, *, percent: int = 0) -> Evidence:
    """So many reported of both, while the canary takes so much of the traffic; all else is clean."""
    tallies = (Tally("canary", 1, 1, "", canary), Tally("baseline", 1, 1, "", baseline))
    shares = ((at(0), percent),) if percent else ()
    return evidence(ticks(*WATCHED), tallies={"chargebacks": tallies}, shares=shares)


@dataclass(frozen=True)
class Case:
    """Evidence, the decision on it, and words that its explanation has to hold."""

    title: str
    evidence: Evidence
    verdict: str
    reason: str
    told: tuple[str, ...] = ()
    policy: Policy = POLICY

    def __str__(self) -> str:
        return self.title


CASES = (
    Case("nothing was measured", evidence(now_s=10), "inconclusive", "insufficient",
         ("0 pairs", "Nothing was measured of journeys")),
    Case("a few clean pairs", evidence(ticks(CLEAN, CLEAN), now_s=60), "inconclusive", "insufficient",
         ("18 pairs", "more clean pairs would do", "At this pace an answer is there in 14 min")),
    Case("enough clean pairs, and not yet watched for long enough", evidence(ticks(*[CLEAN] * 10), now_s=300),
         "inconclusive", "insufficient", ("nothing speaks against the release", "in 10 min")),
    Case("enough clean pairs", evidence(ticks(*WATCHED)), "pass", "clean", ("270 pairs", "all clean on the canary", "Go on.")),
    Case("two failures long ago", evidence(ticks(BAD, *WATCHED)), "pass", "clean",
         ("at most 2 of 279 failed on the canary",)),
    Case("one failure just now", evidence(ticks(*WATCHED[1:], Counts(9, 1))), "inconclusive", "pause",
         ("the canary alone failed in 1 of 270 recent pairs", "look at the runs that failed")),
    Case("too few pairs since the last step", evidence(ticks(*WATCHED), step_pairs=10), "inconclusive", "insufficient",
         ("20 more clean pairs",)),
    Case("failures of the baseline alone are not the release's",
         evidence(ticks(*WATCHED, Counts(9, baseline_only=3))), "pass", "clean"),
    Case("the canary alone fails, tick after tick", evidence(ticks(*[BAD] * 6)), "fail", "regression",
         ("alone failed in 12 of 54 pairs of journeys", "the baseline alone in 0", "(needed 134)", "(needed 14)", "Roll back.")),
    Case("the canary fails altogether", evidence(ticks(*[WORST] * 6), now_s=180), "fail", "regression"),
    Case("the canary alone fails, in one burst so far", evidence(ticks(*[CLEAN] * 25, WORST), now_s=780),
         "inconclusive", "pause", ("looks like the release and is not certain yet",)),
    Case("the canary has failed, and was mended", evidence(ticks(*[WORST] * 6, *[CLEAN] * 90), now_s=2880),
         "fail", "regression"),
    Case("above budget, but as often on the baseline", evidence(ticks(*[Counts(9, 2, 2)] * 6)), "inconclusive", "shared_fault",
         ("both sides are hit", "Do not promote")),
    Case("canary-sided, but rare", evidence(ticks(*[Counts(2000, canary_only=1), Counts(2000)] * 6, *[CLEAN] * 20)),
         "pass", "clean"),
    Case("one PSP regresses",
         evidence(ticks(*[Counts(50, 1), Counts(50, 0, 1)] * 7), deposits(*[Counts(5, 2)] * 14),
                  deposits(*[Counts(5)] * 14, psp="b"),
                  values=PSPS), "fail", "regression", ("alone failed at deposit in 28 of 70 pairs of deposits[a]",), BY_PSP),
    Case("a PSP that is to be played was not, on either side",
         evidence(ticks(*WATCHED), deposits(*WATCHED), values=PSPS, expected={"deposits": frozenset({"a", "b"})}),
         "inconclusive", "insufficient", ("Nothing was measured of deposits[b]: does a probe play it?",), BY_PSP),
    Case("every PSP that is to be played was",
         evidence(ticks(*WATCHED), deposits(*WATCHED), deposits(*WATCHED, psp="b"), values=PSPS,
                  expected={"deposits": frozenset({"a", "b"})}), "pass", "clean", (), BY_PSP),
    Case("two PSPs regress",
         evidence(ticks(*[CLEAN] * 28), *(deposits(*[Counts(5, 2)] * 14, psp=psp) for psp in "ab"),
                  values=PSPS), "fail", "regression", ("(1 further stream says the same.)",), BY_PSP),
    Case("all streams regress",
         evidence(ticks(*[BAD] * 14), *(deposits(*[Counts(5, 2)] * 14, psp=psp) for psp in "ab"),
                  values=PSPS), "fail", "regression", ("(2 further streams say the same.)",), BY_PSP),
    Case("a PSP fails for both", evidence(ticks(*[BROWNOUT] * 10)), "inconclusive", "shared_fault",
         ("the canary failed in 30 of 90 recent pairs, and the baseline in 30",)),
    Case("a shared fault that is long gone", evidence(ticks(*[BROWNOUT] * 4, *[CLEAN] * 60), now_s=1920), "pass", "clean"),
    Case("one shared failure does not hold a release for ever", evidence(ticks(Counts(500, both=1), *WATCHED)), "pass", "clean"),
    Case("the canary breaks a money law", evidence(ticks(Counts(1)), now_s=1, breaches={"canary": (LAW,)}), "fail", "money_law",
         (f"{LAW} (1 pair)", "That is proof. Roll back.")),
    Case("a broken law needs no statistics", evidence(now_s=1, breaches={"canary": ("a-law", "b-law")}, missing_pairs=50),
         "fail", "money_law", ("a-law (1 pair), b-law (1 pair)",)),
    Case("both break one law, the canary one more",
         evidence(ticks(*WATCHED), breaches={"canary": ("b-law",), "baseline": (), "both": ("a-law",)}),
         "fail", "money_law", ("in the same instants: b-law (1 pair).",)),
    Case("both break the same law", evidence(ticks(*WATCHED), breaches={"both": ("a-law",)}), "inconclusive", "shared_fault",
         ("breaks money laws, too: a-law",)),
    Case("each breaks the same law once", evidence(ticks(*WATCHED), breaches={"canary": ("a-law",), "baseline": ("a-law",)}),
         "inconclusive", "shared_fault"),
    Case("the canary breaks a law ten times as often",
         evidence(ticks(*WATCHED), breaches={"canary": ("a-law",) * 10, "baseline": ("a-law",)}), "fail", "money_law",
         ("a-law (10 pairs, the baseline in 1)",)),
    Case("the baseline alone breaks a law", evidence(ticks(*WATCHED), breaches={"baseline": ("a-law",)}),
         "inconclusive", "shared_fault"),
    Case("a hard stop of the canary", outage(Counts(20, 15)), "fail", "hard_stop",
         ("psp_outage [psp-a] (15 of 20 bad within 300 s, more than 50 % is too many)", "does not show it in the same pairs",
          "Roll back.")),
    Case("a hard stop that may be the canary's own doing", outage(Counts(6, 4)), "inconclusive", "pause",
         ("looks like the release and is not certain yet",)),
    Case("a hard stop of both", outage(Counts(40, both=30)), "inconclusive", "shared_fault", ("30 of 40 bad in the same pairs",)),
    Case("a hard stop that the baseline does not quite meet", outage(Counts(40, 11, 9, 10)), "inconclusive", "shared_fault",
         ("21 of 40 bad", "shows 19 of 40 bad")),
    Case("a hard stop of both that is far worse on the canary", outage(Counts(60, 20, 0, 35)), "fail", "hard_stop"),
    Case("a hard stop of the baseline with another PSP excuses nothing",
         outage(Counts(20, 15), psp_b=Counts(20, 0, 15)), "fail", "hard_stop"),
    Case("a hard stop on too few events", evidence(ticks(*WATCHED), tallies={"psp_outage": (Tally("canary", 4, 4, "psp-a"),)}),
         "pass", "clean"),
    Case("too many chargebacks", evidence(now_s=5, tallies={"chargebacks": (Tally("canary", 1, 1, "", 7.0),)}),
         "fail", "hard_stop", ("chargebacks (7 reported, more than 3 is too many)",)),
    Case("far more chargebacks than on the baseline", evidence(now_s=5, tallies={
        "chargebacks": (Tally("canary", 1, 1, "", 50.0), Tally("baseline", 1, 1, "", 5.0))}), "fail", "hard_stop",
         ("the baseline has 5 reported",)),
    Case("about as many chargebacks as on the baseline", evidence(now_s=5, tallies={
        "chargebacks": (Tally("canary", 1, 1, "", 9.0), Tally("baseline", 1, 1, "", 5.0))}), "inconclusive", "shared_fault"),
    Case("the harness could not measure", evidence(ticks(*WATCHED), missing_pairs=30), "inconclusive", "harness",
         ("30 of 300 pairs have no usable run on both sides", "Mend it")),
    Case("only missing pairs", evidence(missing_pairs=3), "inconclusive", "harness", ("3 of 3 pairs",)),
    Case("a few missing pairs are tolerated", evidence(ticks(*WATCHED), missing_pairs=5), "pass", "clean"),
    Case("a regression is told even by a poor harness", evidence(ticks(*[BAD] * 6), missing_pairs=40), "fail", "regression"),
    Case("nothing fresh", evidence(ticks(*WATCHED), last_pair_ns=at(700)), "inconclusive", "stale",
         ("No pair of runs for 3 min, after 270 pairs",)),
    Case("nothing at all since the start", evidence(), "inconclusive", "stale", ("for 15 min, and there was none before",)),
    Case("a PSP that both sides have stopped playing", evidence(ticks(*WATCHED), deposits(*WATCHED),
         deposits(*WATCHED[:20], psp="b"), values=PSPS), "inconclusive", "stale",
         ("deposits[b] has had no pair of runs for 5 min, after 180 pairs",), BY_PSP),
    Case("a PSP that is played every four minutes", evidence(ticks(*WATCHED), deposits(*WATCHED),
         Stream("deposits", "b", tuple((tick, Counts(20)) for tick in (0, 8, 16, 24))), values=PSPS), "pass", "clean", (), BY_PSP),
    Case("a PSP that was not played since the step", evidence(ticks(*WATCHED), deposits(*WATCHED),
         deposits(*WATCHED[:26], psp="b"), values=PSPS, step_ns=at(780)), "inconclusive", "insufficient",
         ("3 more clean pairs would do (for deposits[b])",), BY_PSP),
    Case("a step that has just begun", evidence(ticks(*WATCHED), step_ns=at(840)), "inconclusive", "insufficient",
         ("nothing speaks against the release; it is watched a little longer", "in 30 s")),
    Case("a step that was watched", evidence(ticks(*WATCHED), step_ns=at(810)), "pass", "clean"),
    Case("a canary that plays alone", evidence(values={"canary": {}}), "inconclusive", "not_comparable",
         ("no baseline beside it",)),
    Case("as many chargebacks as its share of the traffic brings", chargebacks(12, 4, percent=75),
         "inconclusive", "shared_fault", ("the baseline has 4 reported with the other 25 % of the traffic",)),
    Case("as many chargebacks for all its traffic as a small canary", chargebacks(4, 76, percent=5),
         "inconclusive", "shared_fault", ("the baseline has 76 reported with the other 95 % of the traffic",)),
    Case("a small canary with as many chargebacks as all the rest", chargebacks(6, 6, percent=5), "fail", "hard_stop",
         ("(6 reported, more than 3 is too many) is met on the canary, and the baseline has 6 reported with the other 95 %",)),
    Case("chargebacks of the time when the canary took more of the traffic", evidence(ticks(*WATCHED), now_s=900, shares=(
        (at(0), 75), (at(800), 5)), tallies=chargebacks(12, 4).tallies), "inconclusive", "shared_fault"),
    Case("the canary took more of the traffic long ago", evidence(ticks(*WATCHED), now_s=900, shares=(
        (at(0), 75), (at(100), 5)), tallies=chargebacks(12, 4).tallies), "fail", "hard_stop"),
    Case("a small canary far above what its share of the traffic would bring", chargebacks(5, 8, percent=5), "fail", "hard_stop"),
    Case("a small canary with about twice what its share would bring", chargebacks(4, 40, percent=5),
         "inconclusive", "shared_fault"),
    Case("a canary that takes all the traffic", chargebacks(7, 0, percent=100), "fail", "hard_stop"),
    Case("a canary that plays alone and reports chargebacks", evidence(values={"canary": {}}, tallies={
         "chargebacks": (Tally("canary", 1, 1, "", 7.0),)}), "inconclusive", "not_comparable", ("no baseline beside it",)),
    Case("a canary that plays alone and breaks a law", evidence(values={"canary": {}}, breaches={"canary_unpaired": (LAW,)}),
         "inconclusive", "not_comparable", ("no baseline beside it", f"has broken money laws ({LAW})")),
    Case("a law is broken in a run whose pair is missing", evidence(ticks(*WATCHED), breaches={"canary_unpaired": (LAW,) * 2}),
         "fail", "money_law", (f"{LAW} (2 runs)", "The baseline's run beside it is missing", "Roll back.")),
    Case("... and the baseline has broken it, too",
         evidence(ticks(*WATCHED), breaches={"canary_unpaired": (LAW,), "baseline_unpaired": (LAW,)}),
         "inconclusive", "shared_fault"),
    Case("a PSP on one side only",
         evidence(ticks(*WATCHED), values={"canary": {"psp": frozenset("a")}, "baseline": {"psp": frozenset("abc")}}),
         "inconclusive", "not_comparable", ("do not play the same psp: b, c only on the baseline",), BY_PSP),
    Case("a PSP that is hardly played", evidence(ticks(*WATCHED), deposits(*WATCHED), deposits(CLEAN, psp="b"), values=PSPS),
         "inconclusive", "not_comparable", ("deposits[b] has 9 pairs after the whole watch; fewer than 30",), BY_PSP),
    Case("an objective that nothing plays", evidence(ticks(*WATCHED)), "inconclusive", "insufficient",
         ("Nothing was measured of deposits: does a probe play it?",), BY_PSP),
    Case("a run from the future", evidence(ticks(*WATCHED), unreadable=("a run is dated 90 s in the future",)),
         "inconclusive", "unknown", ("can't be read: a run is dated 90 s in the future",)),
    Case("a regression is told beside a run from the future",
         evidence(ticks(*[BAD] * 6), unreadable=("a run is dated 90 s in the future",)), "fail", "regression"),
    Case("counts that don't add up", evidence(ticks(Counts(3, 2, 2))), "inconclusive", "unknown", ("3 pairs with 2 + 2 + 0",)),
    Case("a signal that is no number", evidence(ticks(*WATCHED), signals=(Signal("x", "canary", math.nan, 0),)),
         "inconclusive", "unknown", ("the signal x of canary is no number",)),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_table_of_decisions(case: Case) -> None:
    """Each kind of evidence has one verdict, one reason, and an explanation with its numbers."""
    decision = decide(case.policy, case.evidence)
    assert (decision.verdict, decision.reason) == (case.verdict, case.reason), decision.explanation
    assert [words for words in case.told if words not in decision.explanation] == [], decision.explanation


def test_the_table_has_every_reason() -> None:
    """No reason without an example."""
    assert {case.reason for case in CASES} == set(Reason)


def test_figures_are_told_as_people_write_them() -> None:
    """Thousands apart and without an exponent, budgets in per cent, and a burst as what it is."""
    told = decide(POLICY, evidence(ticks(*[BAD] * 10))).explanation
    assert "more than the budget of 0.1 % is certain by over a million : 1 (needed 134)" in told
    assert "doing by 773 : 1 (needed 14), though only 10 of the 20 count: more in one tick are one burst" in told
    assert "doing by 1 520 : 1" in decide(POLICY, evidence(ticks(*[BAD] * 11))).explanation


def test_overwhelming_evidence_is_a_finite_number() -> None:
    """A verdict goes out as JSON, which has no infinity."""
    million = Counts(1_000_000, 1_000_000)
    (stream,) = decide(POLICY, evidence(ticks(*[million] * 9))).streams
    assert stream.regressed
    assert all(math.isfinite(figure) for point in stream.line for figure in point)
    assert math.isfinite(stream.e_budget)
    assert math.isfinite(stream.e_pair)


one_tick = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4), st.integers(0, 12)).map(
    lambda made: Counts(sum(made), made[0], made[1], made[2])
)


@given(
    st.lists(one_tick, max_size=40),
    st.integers(0, 20),
    st.sets(st.sampled_from(["canary", "baseline", "both"])),
    st.floats(-100, 3000),
)
def test_every_evidence_has_a_decision_that_explains_itself(
    counts: list[Counts], missing: int, breakers: set[str], now_s: float
) -> None:
    """A pass needs a clean sheet of laws; a fail needs a law or both tests; every figure is finite; nothing raises."""
    breaches = dict.fromkeys(breakers, ("a-law",))
    decision = decide(POLICY, evidence(ticks(*counts), now_s=now_s, missing_pairs=missing, breaches=breaches))
    assert decision.explanation.endswith(".")
    if decision.verdict == "pass":
        assert not breakers
        assert sum(one.pairs for one in counts) >= POLICY.pairs_min
    if decision.verdict == "fail":
        assert breakers == {"canary"} or any(weighed.regressed for weighed in decision.streams)
    for weighed in decision.streams:
        assert all(math.isfinite(figure) for point in weighed.line for figure in point)
