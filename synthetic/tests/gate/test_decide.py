"""decide(): a table from evidence to verdict and reason, and explanations that name their numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.gate.decide import Decision, Policy, decide, pairs_missing
from synthetic.gate.evidence import Evidence, Stream

POLICY = Policy()


def pooled(pairs: int, canary: int = 0, baseline: int = 0, both: int = 0) -> Stream:
    return Stream("pooled", pairs, canary, baseline, both)


@dataclass(frozen=True)
class Case:
    """Evidence, the decision on it, and words that its explanation has to hold."""

    title: str
    evidence: Evidence
    verdict: str
    reason: str
    told: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        return self.title


CASES = (
    Case("nothing was measured", Evidence(pooled(0)), "inconclusive", "insufficient", ("0 pairs", "about 32 more")),
    Case("a few clean pairs", Evidence(pooled(20)), "inconclusive", "insufficient", ("20 pairs", "about 12 more")),
    Case("enough clean pairs", Evidence(pooled(35)), "pass", "clean", ("35 of 35 pairs are clean", "below 10%")),
    Case("one failure among many", Evidence(pooled(120, canary=1)), "pass", "clean", ("119 of 120",)),
    Case("failures of the baseline alone are not the release's", Evidence(pooled(60, baseline=9)), "pass", "clean"),
    Case("the canary alone fails", Evidence(pooled(40, canary=8)), "fail", "regression",
         ("alone failed 8 of 40 pairs over all flows", "(needed 143)", "(needed 14)", "Roll back")),
    Case("the canary alone fails from the first pair on", Evidence(pooled(5, canary=5)), "fail", "regression"),
    Case("the canary alone fails, with failures of both beside", Evidence(pooled(60, canary=8, both=10)), "fail", "regression"),
    Case("above budget, but as often on the baseline", Evidence(pooled(40, canary=8, baseline=8)), "inconclusive", "insufficient"),
    Case("canary-sided, but rare", Evidence(pooled(5000, canary=5)), "pass", "clean"),
    Case("one PSP regresses, and the pool hides it",
         Evidence(pooled(2000, canary=9, baseline=2), (Stream("psp-a", 1900, 0, 2), Stream("psp-b", 100, 9))),
         "fail", "regression", ("alone failed 9 of 100 pairs with psp-b", "the baseline alone 0", "(needed 1000)", "(needed 100)")),
    Case("a PSP fails for both", Evidence(pooled(90, both=20), (Stream("psp-a", 30, both=20),)), "inconclusive", "shared_fault",
         ("fail together in 20 of 90 pairs", "Do not promote")),
    Case("a fault is shared, and one failure fell on the canary alone", Evidence(pooled(90, canary=1, both=20)),
         "inconclusive", "shared_fault", ("the canary alone in 1",)),
    Case("one shared failure stops a promotion", Evidence(pooled(500, both=1)), "inconclusive", "shared_fault"),
    Case("the canary breaks a money law", Evidence(pooled(1), broken_laws={"canary": ("one-credit-per-deposit",)}),
         "fail", "money_law", ("The canary breaks what the baseline keeps: one-credit-per-deposit", "Roll back")),
    Case("a broken law needs no statistics", Evidence(pooled(0), broken_laws={"canary": ("a-law", "b-law")}, missing_pairs=50),
         "fail", "money_law", ("a-law, b-law",)),
    Case("both break one law, the canary one more",
         Evidence(pooled(9), broken_laws={"canary": ("a-law", "b-law"), "baseline": ("a-law",)}),
         "fail", "money_law", ("keeps: b-law.",)),
    Case("both break the same law", Evidence(pooled(50), broken_laws={"canary": ("a-law",), "baseline": ("a-law",)}),
         "inconclusive", "shared_fault"),
    Case("the baseline alone breaks a law", Evidence(pooled(50), broken_laws={"baseline": ("a-law",)}),
         "inconclusive", "shared_fault"),
    Case("the harness could not measure", Evidence(pooled(90), missing_pairs=10), "inconclusive", "harness",
         ("10 of 100 pairs have no usable run", "Mend it")),
    Case("only missing pairs", Evidence(pooled(0), missing_pairs=3), "inconclusive", "harness", ("3 of 3 pairs",)),
    Case("a few missing pairs are tolerated", Evidence(pooled(95), missing_pairs=5), "pass", "clean"),
    Case("a regression is told even by a poor harness", Evidence(pooled(20, canary=8), missing_pairs=20), "fail", "regression"),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_table_of_decisions(case: Case) -> None:
    """Each kind of evidence has one verdict, one reason, and an explanation with its numbers."""
    decision = decide(POLICY, case.evidence)
    assert (decision.verdict, decision.reason) == (case.verdict, case.reason)
    assert [words for words in case.told if words not in decision.explanation] == []


def test_the_table_has_every_reason() -> None:
    """No reason without an example."""
    assert {case.reason for case in CASES} == {
        "clean", "money_law", "regression", "shared_fault", "insufficient", "harness",
    }  # fmt: skip


@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), max_size=80),
    st.integers(0, 20),
    st.sets(st.sampled_from(["canary", "baseline"])),
)
def test_every_evidence_has_a_decision_that_explains_itself(
    pairs: list[tuple[bool, bool]], missing: int, breakers: set[str]
) -> None:
    """A pass needs a clean sheet of laws and of shared failures; a fail needs a law or both tests; nothing raises."""
    stream = Stream("pooled")
    for canary_failed, baseline_failed in pairs:
        stream = stream.with_pair(canary_failed=canary_failed, baseline_failed=baseline_failed)
    decision = decide(POLICY, Evidence(stream, broken_laws=dict.fromkeys(breakers, ("a-law",)), missing_pairs=missing))
    assert decision.explanation.endswith(".")
    if decision.verdict == "pass":
        assert not breakers
        assert stream.both == 0
    if decision.verdict == "fail":
        assert breakers == {"canary"} or any(weighed.regressed for weighed in decision.streams)


def test_a_stream_regresses_only_when_both_tests_cross() -> None:
    """Intersection-union: above its budget, and canary-sided. Either alone is no rollback."""
    only_above = decide(POLICY, Evidence(pooled(40, 8, 8))).streams[0]
    only_sided = decide(POLICY, Evidence(pooled(5000, 5))).streams[0]
    assert only_above.above_budget >= only_above.above_budget_needed
    assert only_above.canary_only < only_above.canary_only_needed
    assert only_sided.above_budget < only_sided.above_budget_needed
    assert only_sided.canary_only >= only_sided.canary_only_needed
    assert not only_above.regressed
    assert not only_sided.regressed


def test_the_error_level_is_shared_out_by_weight() -> None:
    """0.7 for the pool and 0.1 for each of three PSPs: the thresholds are 1/(alpha w), and the weights sum to 1."""
    evidence = Evidence(pooled(3), tuple(Stream(name, 1) for name in ("psp-a", "psp-b", "psp-c")))
    pool, *psps = decide(POLICY, evidence).streams
    assert (pool.above_budget_needed, pool.canary_only_needed) == pytest.approx((1 / 0.007, 1 / 0.07))
    for psp in psps:
        assert (psp.above_budget_needed, psp.canary_only_needed) == pytest.approx((1000.0, 100.0))
    assert POLICY.weight_pooled + 3 * POLICY.weight_psp == pytest.approx(1.0)


def test_the_error_level_does_not_grow_with_the_number_of_psps() -> None:
    """With ten PSPs the weights still sum to at most 1, or ten chances of a false rollback would be had for three."""
    psps = tuple(Stream(f"psp-{n}", 100) for n in range(10))
    weighed = decide(POLICY, Evidence(pooled(1000), psps)).streams
    assert sum(1 / (POLICY.alpha_budget * stream.above_budget_needed) for stream in weighed) <= 1 + 1e-9
    assert sum(1 / (POLICY.alpha_pair * stream.canary_only_needed) for stream in weighed) <= 1 + 1e-9


@pytest.mark.parametrize("failed", [0, 1, 2, 5])
def test_the_pairs_that_a_pass_is_short_of_are_exactly_enough(failed: int) -> None:
    """That many more clean pairs pass, and one fewer does not."""
    stream = pooled(30, failed)
    more = pairs_missing(POLICY, stream)
    lenient = replace(POLICY, alpha_budget=1e-300)
    assert decide(lenient, Evidence(replace(stream, pairs=30 + more))).verdict == "pass"
    assert decide(lenient, Evidence(replace(stream, pairs=30 + more - 1))).verdict == "inconclusive"


def test_overwhelming_evidence_is_a_finite_number() -> None:
    """A verdict goes out as JSON, which has no infinity."""
    decision: Decision = decide(POLICY, Evidence(pooled(1_000_000, 1_000_000)))
    assert decision.reason == "regression"
    assert decision.streams[0].above_budget < float("inf")
    assert decision.streams[0].canary_only < float("inf")
