"""States of the player: entered before the steps or behind one, left again however the run ends, and told where that fails."""

from __future__ import annotations

import pytest

from synthetic.core.effects import FaultKind, Http
from synthetic.core.events import StepEnded
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.drivers.memory import Break, Reply
from synthetic.tests.core.machine.playing import DEAD, HEALTHY, REFUSED, Played, answers, ok, played

STEPS = """
  - {id: login, call: login}
  - {id: deposit, call: deposit, with: {amount: 1.00 EUR}, until: "out.state == 'succeeded'", within: 3s}
"""
BEFORE = STEPS + "states: [excluded]\n"
BEHIND = STEPS + "states: [{state: excluded, after: login}]\n"


def paths(run: Played) -> list[str]:
    """What was asked for, in order."""
    return [
        effect.url.removeprefix("http://api.test/").partition("?")[0] for effect in run.wire if isinstance(effect, Http)
    ]


def test_a_state_is_entered_before_the_first_step_and_left_behind_the_last() -> None:
    """With the arguments of the mapping; its two calls are no steps of the scenario."""
    run = played(BEFORE, answers(HEALTHY))
    assert run.ended.outcome is RunOutcome.OK
    assert (paths(run)[0], paths(run)[-1]) == ("exclude/p1", "readmit/p1")
    purposes = {event.step: event.purpose for event in run.of(StepEnded)}
    assert purposes == {"enter excluded": "enter", "login": "step", "deposit": "step", "leave excluded": "leave"}


def test_a_state_may_begin_behind_a_step() -> None:
    """A player who is excluded could not log in."""
    assert paths(played(BEHIND, answers(HEALTHY)))[:3] == ["login", "exclude/p1", "deposits"]


def test_who_is_in_a_state_by_himself_is_neither_put_into_it_nor_taken_out() -> None:
    """He comes from a pool of such players."""
    run = played(STEPS + "states: [born_so]\n", answers(HEALTHY))
    assert run.ended.outcome is RunOutcome.OK
    assert "exclude/nobody" not in paths(run)
    assert "readmit/nobody" not in paths(run)


def test_a_state_is_left_after_a_failure_and_behind_the_compensation() -> None:
    """First the money, then the player."""
    run = played(BEHIND, answers(HEALTHY | {"GET /deposits": ok(id="d1", state="pending")}))
    assert run.ended.outcome is RunOutcome.FAILED
    assert paths(run)[-2:] == ["refunds/d1", "readmit/p1"]


def test_a_state_that_can_not_be_entered_is_our_own_failure() -> None:
    """The platform refuses what we prepare; nothing is played, and what may have been entered is left."""
    run = played(BEFORE, answers(HEALTHY | {"POST /exclude": ok(409, error="not_now")}))
    assert (run.ended.outcome, run.ended.blame) == (RunOutcome.ABORTED, Blame.HARNESS)
    assert "the state 'excluded' can't be entered: HTTP 409 not_now" in run.ended.reason
    assert paths(run) == ["exclude/p1", "readmit/p1"]


@pytest.mark.parametrize("answer", [DEAD, REFUSED, Reply(503)])
def test_a_state_that_a_dead_cell_does_not_enter_is_the_cell_s_failure(answer: object) -> None:
    """No answer, or none that says anything."""
    run = played(BEFORE, answers(HEALTHY | {"POST /exclude": answer}))
    assert (run.ended.outcome, run.ended.blame) == (RunOutcome.FAILED, Blame.PLATFORM)


@pytest.mark.parametrize("sent", [True, False])
def test_a_state_that_our_proxy_keeps_us_from_entering_is_no_failure_of_the_cell(*, sent: bool) -> None:
    """Whether or not something may have left."""
    run = played(BEFORE, answers(HEALTHY | {"POST /exclude": Break(FaultKind.PROXY_FAILED, maybe_sent=sent)}))
    assert (run.ended.outcome, run.ended.blame) == (RunOutcome.ABORTED, Blame.HARNESS)


def test_leaving_is_tried_again() -> None:
    """One bad answer leaves nobody excluded."""
    run = played(BEFORE, answers(HEALTHY | {"POST /readmit": [DEAD, ok()]}))
    assert run.ended.outcome is RunOutcome.OK
    assert paths(run)[-2:] == ["readmit/p1", "readmit/p1"]


def test_a_state_that_can_not_be_left_is_told() -> None:
    """No run is ok that leaves its player in one, and a failed one says so beside its reason."""
    run = played(BEFORE, answers(HEALTHY | {"POST /readmit": DEAD}))
    assert (run.ended.outcome, run.ended.blame) == (RunOutcome.ABORTED, Blame.HARNESS)
    assert run.ended.reason.startswith("the player p1 is still in the state 'excluded': ")
    assert paths(run).count("readmit/p1") == 3
    both = played(BEFORE, answers(HEALTHY | {"POST /readmit": DEAD, "POST /login": Reply(500)}))
    assert both.ended.outcome is RunOutcome.FAILED
    assert "step login: " in both.ended.reason
    assert "the player p1 is still in the state 'excluded'" in both.ended.reason
