"""How many clean pairs a pass is short of."""

from __future__ import annotations

import pytest

from synthetic.gate.counts import Counts
from synthetic.gate.decide import decide
from synthetic.gate.policy import Policy
from synthetic.tests.gate.playing import evidence, ticks
from synthetic.tests.gate.policies import JOURNEYS, POLICY


def test_before_the_first_pair_the_pairs_to_a_pass_are_those_of_a_clean_start() -> None:
    """Thirty at least, and no limit of a search."""
    missing = decide(POLICY, evidence(now_s=10)).pairs_missing
    assert missing is not None
    assert POLICY.pairs_min <= missing < 50


@pytest.mark.parametrize("failed", [0, 1, 2, 5])
def test_the_pairs_that_a_pass_is_short_of_are_exactly_enough(failed: int) -> None:
    """That many more clean pairs pass, and one fewer does not."""
    lenient = Policy((JOURNEYS,), alpha_budget=1e-300, pairs_min=1, window_s=0, suspect_for_s=-1e9, stale_s=1e9)
    missing = decide(lenient, evidence(ticks(Counts(10, failed)))).pairs_missing
    assert missing is not None
    assert decide(lenient, evidence(ticks(Counts(10 + missing, failed)))).verdict == "pass"
    assert decide(lenient, evidence(ticks(Counts(10 + missing - 1, failed)))).verdict == "inconclusive"
