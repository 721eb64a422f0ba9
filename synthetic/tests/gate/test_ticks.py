"""What counts of a tick: a burst is one failure, and a rollback needs ticks that violate on end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthetic.gate.counts import Counts, Stream
from synthetic.gate.decide import decide
from synthetic.tests.gate.playing import evidence, ticks
from synthetic.tests.gate.policies import CLEAN, JOURNEYS, POLICY, SLOW, WORST


def test_a_rollback_needs_its_violations_on_consecutive_ticks() -> None:
    """Both thresholds are met at the end of so many ticks with new data; a tick without any is passed over."""
    four = [WORST] * 4
    at_once = decide(POLICY, evidence(ticks(*four), now_s=120)).streams[0]
    assert (at_once.streak, at_once.regressed) == (1, False)
    spread = Stream("journeys", "", (*enumerate(four), (7, CLEAN), (12, CLEAN)))
    later = decide(POLICY, evidence(spread, now_s=390)).streams[0]
    assert (later.streak, later.regressed) == (3, True)
    assert decide(replace(POLICY, consecutive=1), evidence(ticks(*four), now_s=120)).verdict == "fail"


def test_ticks_that_violate_are_counted_on_end() -> None:
    """A tick in between after which the baseline has failed as well begins the count anew."""
    policy = replace(POLICY, consecutive=2)
    again = [*[WORST] * 4, Counts(9, baseline_only=1), *[WORST] * 5]
    once = decide(policy, evidence(ticks(*again), now_s=300)).streams[0]
    assert (once.streak, once.regressed) == (1, False)
    assert decide(policy, evidence(ticks(*again, WORST), now_s=330)).streams[0].regressed


def test_a_burst_is_one_failure_of_its_tick() -> None:
    """Nine failures of one pod's restart are no nine proofs; where the budget allows more, more of them count."""
    one, many = (decide(POLICY, evidence(ticks(counts), now_s=30)).streams[0] for counts in (Counts(9, 1), WORST))
    assert one.e_pair == pytest.approx(many.e_pair)
    lenient = replace(POLICY, objectives=(replace(JOURNEYS, target=0.95),))
    few, more, most = (
        decide(lenient, evidence(ticks(counts), now_s=30)).streams[0]
        for counts in (Counts(40, 1), Counts(40, 5), Counts(40, 9))
    )
    assert (few.hits, more.hits, most.hits) == (1, 5, 5)
    assert more.e_pair > few.e_pair * 10


def test_a_clean_pair_more_lets_no_further_slow_answer_count() -> None:
    """How many failures count in a tick is known beforehand: four or five pairs, with two slow answers, are no other matter."""
    policy = replace(POLICY, objectives=(SLOW,))
    four, five, many = (
        decide(policy, evidence(ticks(*[Counts(pairs, 2)] * 4, objective="slow"), now_s=120)).streams[0]
        for pairs in (4, 5, 60)
    )
    assert four.e_budget > five.e_budget > many.e_budget
    assert four.e_pair == five.e_pair == many.e_pair
