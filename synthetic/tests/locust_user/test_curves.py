"""The shapes of load, as curves over their time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from synthetic.locust_user import curves

ALL = [curves.promo_peak, curves.tournament_start, curves.payday, curves.soak]


@pytest.mark.parametrize("curve", ALL, ids=lambda curve: curve.__name__)
def test_a_shape_stays_between_nobody_and_everybody_and_reaches_the_most(curve: Callable[[float], float]) -> None:
    """`-u` is what it says: the most users."""
    values = [curve(step / 1000) for step in range(1001)]
    assert all(0 < value <= 1 for value in values)
    assert max(values) == pytest.approx(1, abs=0.01)


def test_a_promo_brings_five_times_as_many_within_moments() -> None:
    """A ramp would not be a push message."""
    before, after = curves.promo_peak(curves.PROMO_AT - 0.001), curves.promo_peak(curves.PROMO_AT)
    assert after / before == pytest.approx(5)
    assert curves.promo_peak(1.0) < 0.3


def test_everybody_has_come_when_a_tournament_starts() -> None:
    """Else it would be no herd."""
    assert curves.TOURNAMENT_DOORS < curves.TOURNAMENT_AT
    assert curves.tournament_start(curves.TOURNAMENT_AT) == 1


def test_payday_has_two_waves() -> None:
    """A lull between them."""
    assert curves.payday(0.2) > curves.payday(0.8) > curves.payday(0.62) > curves.payday(0.0)


def test_a_soak_changes_nothing_once_all_are_there() -> None:
    """What changes then is the target."""
    assert {curves.soak(step / 100) for step in range(5, 101)} == {1.0}


@pytest.mark.parametrize(("elapsed_s", "step"), [(0, 1), (9.9, 1), (10, 2), (99.9, 10), (100, 11), (500, 11)])
def test_steps_to_failure_are_counted_from_one_and_end(elapsed_s: float, step: int) -> None:
    """Ten of ten seconds; then they are over."""
    assert curves.step_of(elapsed_s, 10, 10) == step
