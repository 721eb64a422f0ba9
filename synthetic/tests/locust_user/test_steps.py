"""Steps to failure say where the limit is, and nothing where nothing can be said."""

from __future__ import annotations

from synthetic.core.outcome import RunOutcome
from synthetic.gate.policy import Objective, Policy
from synthetic.locust_user.figures import NO_PLAYER, Figures
from synthetic.locust_user.steps import Steps
from synthetic.sli.samples import RunSample
from synthetic.tests.locust_user.samples import run, step

POLICY = Policy((Objective("logins", "login", 0.99), Objective("deposits", "deposit", 0.99)))
GOOD = run(step("login", 10), step("deposit", 100))
BAD = run(step("login", 10), step("deposit", 100, held=False), outcome=RunOutcome.FAILED)


def shown(*runs: RunSample) -> Figures:
    figures = Figures()
    for one in runs:
        figures.take(one)
    return figures


def test_the_limit_is_between_the_last_step_that_held_and_the_first_that_did_not() -> None:
    """By the objectives of one step alone."""
    steps = Steps(POLICY)
    assert not steps.over(10, shown(*[GOOD] * 20))
    assert not steps.over(20, shown(*[GOOD] * 40))
    assert steps.limit == "held at 20 users, the most that were tried"
    assert steps.over(30, shown(*[GOOD] * 40, *[BAD] * 20))
    assert steps.limit == "held at 20 users; at 30: deposits 66.67 %, promised ≥ 99 %"
    assert steps.unclear == ""


def test_a_target_that_answers_no_more_has_not_held() -> None:
    """No run came to its end, so no objective was missed."""
    steps = Steps(POLICY)
    assert not steps.over(10, shown(*[GOOD] * 20))
    assert steps.over(20, shown())
    assert steps.unclear.startswith(
        "at 20 nothing can be said: 0 runs ended, and of no objective there were 10 samples"
    )
    assert steps.limit == f"held at 10 users; {steps.unclear}"


def test_a_part_that_answers_no_more_has_not_held_either() -> None:
    """Players still sign in; of deposits there is nothing to see."""
    steps = Steps(POLICY)
    assert not steps.over(10, shown(*[GOOD] * 20))
    assert steps.over(20, shown(*[run(step("login", 10))] * 40))
    assert steps.unclear == "at 20 nothing can be said: deposits had 20 samples in the step before and 0 in this one"


def test_a_target_that_never_answered_ends_the_test_at_once() -> None:
    """There is nothing to wait for."""
    assert Steps(POLICY).over(10, shown())


def test_first_steps_with_too_few_users_hold_nothing_and_end_nothing() -> None:
    """The limit is said once there is enough to say it by."""
    steps = Steps(POLICY)
    assert not steps.over(1, shown(*[GOOD] * 4))
    assert steps.limit.startswith("held at no step; at 1 nothing can be said: 4 runs ended")
    assert not steps.over(2, shown(*[GOOD] * 12))
    assert (steps.limit, steps.unclear) == ("held at 2 users, the most that were tried", "")


def test_a_step_that_held_by_some_objectives_says_by_how_many() -> None:
    """Nobody reads one objective of two for both of them."""
    steps = Steps(POLICY)
    assert not steps.over(10, shown(*[run(step("login", 10))] * 40))
    assert steps.limit == "held at 10 users (by 1 of 2 objectives), the most that were tried"


def test_players_that_run_out_end_the_test() -> None:
    """More users would be no more load."""
    steps, figures = Steps(POLICY), shown(*[GOOD] * 20)
    figures.miss(NO_PLAYER)
    assert steps.over(10, figures)
    assert steps.limit == "held at no step; at 10 no player was free: give the pool more"
