"""Latency distributions: two curves over one axis, and the objective's bound."""

from __future__ import annotations

from synthetic.report.health.latencies import POINTS_A_SIDE, distributions
from synthetic.tests.report.health.seen import POLICY, failed, seen, step


def runs(track: str, *took_ms: float) -> list:  # type: ignore[type-arg]
    return [seen(track, at, steps=(step(took_ms=took),)) for at, took in enumerate(took_ms)]


def test_a_curve_says_which_share_was_answered_by_when() -> None:
    """An ECDF of each side, told at the instants of both."""
    whole, _ = distributions(POLICY, runs("baseline", 100, 200), runs("canary", 100, 500))
    assert whole.ms == [100.0, 200.0, 500.0]
    assert whole.baseline_share == [0.5, 1.0, 1.0]
    assert whole.canary_share == [0.5, 0.5, 1.0]


def test_the_objectives_bound_is_marked_with_the_share_that_keeps_it() -> None:
    """`p95 <= 400 ms`: at least 95 % have to be within 400 ms."""
    whole, _ = distributions(POLICY, runs("baseline", 100, 400), runs("canary", 100, 400.001))
    assert (whole.bound_ms, whole.target) == (400.0, 0.95)
    assert (whole.baseline.within, whole.canary.within) == (1.0, 0.5)


def test_a_failure_is_no_latency() -> None:
    """It is counted as a failure, and as neither a fast nor a slow answer."""
    assert distributions(POLICY, [], [failed("canary", 0)]) == []


def test_a_side_without_measurements_is_unknown() -> None:
    """Null, not a curve along zero."""
    whole, _ = distributions(POLICY, [], runs("canary", 100))
    assert whole.baseline_share == [None]
    assert (whole.baseline.count, whole.baseline.p95, whole.baseline.within) == (0, None, None)


def test_what_has_a_bound_comes_first() -> None:
    """Deposits, whose latency is promised, before logins, whose latency is not."""
    both = seen("canary", 0, steps=(step("bet", psp=""), step("deposit")))
    told = distributions(POLICY, [], [both])
    assert [(one.sli, one.value, one.bound_ms) for one in told] == [
        ("deposit", "", 400.0),
        ("deposit", "psp-a", 400.0),
        ("bet", "", None),
    ]


def test_a_long_watch_is_told_in_as_many_points_as_a_short_one() -> None:
    """The document is sent to every open page; the ends of both sides are in it."""
    whole, _ = distributions(POLICY, runs("baseline", *range(1, 2001)), runs("canary", *range(3000, 6000)))
    assert len(whole.ms) <= 2 * (POINTS_A_SIDE + 1)
    assert (whole.ms[0], whole.ms[-1]) == (1.0, 5999.0)
    assert (whole.baseline_share[-1], whole.canary_share[0]) == (1.0, 0.0)
