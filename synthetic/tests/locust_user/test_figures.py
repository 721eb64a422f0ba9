"""Figures of many runs, on their way from a worker to the master."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.outcome import Blame, RunOutcome
from synthetic.locust_user.figures import OTHER_REASONS, REASONS_MAX, Figures
from synthetic.locust_user.histogram import Histogram
from synthetic.tests.locust_user.samples import run, step


@given(st.lists(st.integers(1_000, 10**12), min_size=1, max_size=200), st.sampled_from([50, 95, 99, 100]))
def test_a_percentile_is_that_of_the_values_within_a_thousandth(values_ns: list[int], percent: int) -> None:
    """By nearest rank, whatever the values."""
    histogram = Histogram()
    for value in values_ns:
        histogram.add(value)
    rank = -(-len(values_ns) * percent // 100)
    true_ms = sorted(values_ns)[rank - 1] / 1e6
    shown = histogram.percentile_ms(percent)
    assert shown is not None
    assert true_ms * 0.999 <= shown <= true_ms * 1.001


def test_nothing_has_no_percentile() -> None:
    """It is not 0 ms."""
    assert Histogram().percentile_ms(95) is None


def figures(*runs: object) -> Figures:
    taken = Figures()
    for one in runs:
        taken.take(one)  # type: ignore[arg-type]
    return taken


def test_what_workers_send_adds_up_at_the_master() -> None:
    """Counts, latencies, money and reasons, each once."""
    one = figures(run(step("deposit", 100, psp="psp-a")), run(step("deposit", 300, psp="psp-b"), late_ms=500))
    other = figures(run(step("deposit", 900, psp="psp-a", held=False), outcome=RunOutcome.FAILED, blame=Blame.PSP))
    other.miss("no player was free")
    other.miss("no user was free", 0)
    total = Figures()
    for sent in (one, other):
        total.merge(Figures.of(json.loads(json.dumps(sent.as_data()))))
    assert (total.runs, total.outcomes["ok"], total.blames["psp"], total.missed) == (3, 2, 1, {"no player was free": 1})
    assert (total.sli("deposit").held, total.sli("deposit").total) == (2, 3)
    assert {value: (sli.held, sli.total) for value, sli in total.by_label("deposit", "psp").items()} == {
        "psp-a": (1, 2),
        "psp-b": (1, 1),
    }
    assert total.told_money()["EUR"]["in_minor"] == 300
    assert total.told_reasons() == [("psp", "deposit", "psp it was", 1)]
    assert total.from_due.count == total.late.count == 3


def test_a_wait_before_the_run_is_in_its_time_from_when_it_was_due() -> None:
    """A user who could not begin waits as well (coordinated omission)."""
    taken = figures(run(late_ms=4000, took_ms=1000))
    from_due = taken.from_due.percentile_ms(100)
    assert from_due is not None
    assert 5000 - 6 <= from_due <= 5006


def test_what_our_own_lag_spoiled_is_left_out() -> None:
    """It is counted, and in no ratio and no percentile."""
    deposit = figures(run(step("deposit", 9000, counts=False)), run(step("deposit", 10))).sli("deposit")
    assert (deposit.total, deposit.left_out, deposit.latencies.count) == (1, 1, 1)


def test_reasons_are_bounded() -> None:
    """A target that says something new each time does not fill our memory."""
    from dataclasses import replace

    taken = Figures()
    for number in range(REASONS_MAX + 50):
        taken.take(replace(run(outcome=RunOutcome.FAILED, blame=Blame.PSP), reason=f"reason {number}"))
    assert len(taken.reasons) == REASONS_MAX + 1
    assert taken.told_reasons()[0][2:] == (OTHER_REASONS, 50)
