"""How much error is allowed is shared out over objectives and the values of a label, and never twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthetic.gate.counts import Stream
from synthetic.gate.decide import decide
from synthetic.tests.gate.playing import evidence, ticks
from synthetic.tests.gate.policies import BY_PSP, CLEAN, DEPOSITS, POLICY, PSPS, WATCHED, deposits


def test_a_psp_that_is_expected_has_its_share_of_errors_from_the_beginning() -> None:
    """When it comes, late or not, nobody else's threshold changes: what was decided before was decided at the right ones."""
    before = evidence(ticks(*WATCHED), deposits(*WATCHED), values=PSPS, expected={"deposits": frozenset({"a", "b"})})
    late = Stream("deposits", "b", ((25, CLEAN),))
    streams = [decide(BY_PSP, one).streams for one in (before, replace(before, streams=(*before.streams, late)))]
    needed = [{one.stream: one.e_pair_needed for one in told} for told in streams]
    assert needed[0] == needed[1]
    assert set(needed[0]) == {"journeys", "deposits[a]", "deposits[b]"}


def test_the_error_level_is_shared_out() -> None:
    """The thresholds are 1/(alpha share); hard stops and the values of a label divide it; all shares sum to at most 1."""
    streams = [deposits(CLEAN, psp=f"psp-{number}") for number in range(10)]
    weighed = decide(BY_PSP, evidence(ticks(CLEAN), *streams)).streams
    left = 1 - POLICY.stops_share
    assert (weighed[0].e_budget_needed, weighed[0].e_pair_needed) == pytest.approx((1 / 0.0075, 1 / 0.075 / left))
    assert (weighed[1].e_budget_needed, weighed[1].e_pair_needed) == pytest.approx((1 / 0.00015, 1 / 0.0015 / left))
    assert sum(1 / (POLICY.alpha_budget * one.e_budget_needed) for one in weighed) <= 1 + 1e-9


def test_a_value_that_is_seen_later_takes_nothing_from_those_before() -> None:
    """Values appear one after the other: what each has stays, and all together never have more than their objective."""
    first, *later = [Stream("deposits", f"psp-{number}", ((number * 9, CLEAN),)) for number in range(6)]
    policy = replace(POLICY, objectives=(DEPOSITS,))
    alone, *many = (decide(policy, evidence(first, *later[:seen])).streams for seen in range(6))
    assert all(streams[0].e_budget_needed == alone[0].e_budget_needed for streams in many)
    assert sum(1 / one.e_budget_needed for one in many[-1]) <= POLICY.alpha_budget * DEPOSITS.share
