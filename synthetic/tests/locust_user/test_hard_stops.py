"""What ends a load at once, and what only ends a run."""

from __future__ import annotations

import pytest

from synthetic.core.errors import FencedOff, HarnessError, JournalUnavailable, OverBudget
from synthetic.core.events import RunEnded
from synthetic.core.money import Money
from synthetic.core.outcome import RunOutcome
from synthetic.journal.model import Kill
from synthetic.locust_user.hard_stops import HardStop


def ended(*stranded: Money) -> RunEnded:
    """A run that has left so much."""
    return RunEnded("r-1", RunOutcome.FAILED, None, "", "", "", stranded, 0)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (JournalUnavailable("the disk is full"), "the journal takes nothing any more: the disk is full"),
        (FencedOff("run r-1: it is over"), "a run of this load was taken from it: run r-1: it is over"),
        (OverBudget("over budget"), ""),
    ],
)
def test_what_refuses_every_run_ends_the_test_and_a_cap_of_one_run_does_not(error: HarnessError, told: str) -> None:
    """An account that has its day's cap behind it is one of many."""
    stop = HardStop()
    stop.refused(error)
    assert stop.taken() == told


def test_only_stranded_money_makes_the_end_of_a_run_the_end_of_the_test() -> None:
    """A run that failed is what a load is there to find."""
    stop = HardStop()
    stop.ended(ended())
    assert stop.taken() == ""
    stop.ended(ended(Money(20, "EUR")))
    assert stop.taken() == "run r-1 left 0.20 EUR stranded, and more runs would strand more"


def test_the_first_reason_is_told_once() -> None:
    """What it brings about is no news, and a test that begins anew knows nothing of it."""
    stop = HardStop()
    stop.killed(None)
    stop.killed(Kill("ops", "stop everything", 0))
    stop.refused(JournalUnavailable("gone"))
    assert (stop.taken(), stop.taken()) == ("the kill switch was thrown by ops: stop everything", "")
