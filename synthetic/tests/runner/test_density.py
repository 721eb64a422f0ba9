"""Denser on suspicion: never beyond the plan, never beyond what the budget has to spare, and not for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.plan_serving import DensityPlan
from synthetic.runner.density import Purse, Suspicions, density, end_of

PLAN = DensityPlan(factor_max=5, for_s=600.0)


def test_a_probe_without_money_is_played_as_dense_as_the_plan_allows() -> None:
    """There is nothing to spend."""
    assert density(PLAN, 60.0, 600.0, Purse()) == 5
    assert density(PLAN, 60.0, 600.0, Purse(run_minor=0, left_minor=0)) == 5


def test_no_probe_is_played_more_than_once_a_second() -> None:
    """Whatever the factor."""
    assert density(PLAN, 3.0, 600.0, Purse()) == 3
    assert density(PLAN, 1.0, 600.0, Purse()) == 1


def test_the_budget_that_the_normal_slots_need_is_not_touched() -> None:
    """Ten slots in ten minutes: each step of the factor costs ten runs more."""
    assert density(PLAN, 60.0, 600.0, Purse(100, left_minor=10_000, kept_minor=10_000)) == 1
    assert density(PLAN, 60.0, 600.0, Purse(100, left_minor=10_999, kept_minor=10_000)) == 1
    assert density(PLAN, 60.0, 600.0, Purse(100, left_minor=11_000, kept_minor=10_000)) == 2
    assert density(PLAN, 60.0, 600.0, Purse(100, left_minor=99_000, kept_minor=10_000)) == 5
    assert density(PLAN, 60.0, 600.0, Purse(100, left_minor=0, kept_minor=10_000)) == 1


@given(
    st.integers(1, 20),
    st.integers(1, 3600),
    st.integers(1, 86_400),
    st.integers(1, 10_000),
    st.integers(0, 10**7),
    st.integers(0, 10**7),
)
def test_what_the_extra_slots_cost_is_to_spare(
    factor_max: int, every_s: int, for_s: int, run_minor: int, left_minor: int, kept_minor: int
) -> None:
    """For every plan and purse: extra runs in the time of a suspicion are paid for, or there are none."""
    purse = Purse(run_minor, left_minor, kept_minor)
    factor = density(DensityPlan(factor_max, for_s), float(every_s), float(for_s), purse)
    assert 1 <= factor <= factor_max
    extra_runs = (factor - 1) * for_s / every_s
    assert extra_runs * run_minor <= max(0, left_minor - kept_minor)


def test_a_suspicion_ends_as_asked_for_and_at_the_latest_as_the_plan_says() -> None:
    """A gate that forgets to take it back costs ten minutes."""
    assert end_of(PLAN, 0, 5 * 10**9) == 5 * 10**9
    assert end_of(PLAN, 0, 10**18) == 600 * 10**9


def test_a_suspicion_is_prolonged_and_then_forgotten() -> None:
    """A second one that ends earlier changes nothing."""
    suspicions = Suspicions()
    suspicions.suspect("a", 100)
    suspicions.suspect("a", 50)
    suspicions.suspect("b", 20)
    assert suspicions.open_at(30) == {"a": 100}
    assert suspicions.open_at(100) == {}
