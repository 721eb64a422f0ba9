"""States of the player that a scenario needs: entered before its steps or behind one, and left again however the run ends."""

from __future__ import annotations

from synthetic.core.effects import FaultKind, Sleep
from synthetic.core.expressions import ExpressionError
from synthetic.core.machine.state import Machine, RunState
from synthetic.core.machine.steps import StepEnd, play_step
from synthetic.core.outcome import Blame, StepOutcome
from synthetic.core.plan import CallPlan, StatePlan, StepPlan

ATTEMPTS = 3
PAUSE_S = 0.3
WITHIN_S = 5.0
_NO_ANSWER = frozenset(FaultKind)


def enter_states(state: RunState, after: str) -> Machine[tuple[str, Blame] | None]:
    """Enter the states that begin here. Answers why one can't be entered, and whose fault that is.

    Our own preparation failed, unless the cell did not answer, and that not for a reason of ours such as our proxy.
    """
    for needed in state.spec.plan.states:
        if needed.after != after or _holds(state, needed.state):
            continue
        state.entered.append(needed.state)  # before it is tried: what may have been entered has to be left
        end = yield from _play(state, needed.state.enter, "enter", needed.state)
        if not end.verdict.held:
            down = end.outcome is StepOutcome.UNKNOWN or end.code in _NO_ANSWER
            down = down and end.verdict.blame is not Blame.HARNESS
            reason = f"the state {needed.state.name!r} can't be entered: {end.verdict.reason}"
            return reason, Blame.PLATFORM if down else Blame.HARNESS
    return None


def may_have_entered(state: RunState) -> list[StatePlan]:
    """The states that the scenario's plan may have put the player into: one that he is in by himself is none of ours."""
    return [needed.state for needed in state.spec.plan.states if not _holds(state, needed.state)]


def leave_states(state: RunState) -> Machine[str]:
    """Leave what was entered, newest first, each with several attempts. Answers what could not be left; "" for nothing."""
    stuck = []
    for entered in reversed(state.entered):
        reason = yield from _leave(state, entered)
        if reason:
            stuck.append(
                f"the player {state.spec.player.get('id', '')} is still in the state {entered.name!r}: {reason}"
            )
    return "; ".join(stuck)


def _leave(state: RunState, entered: StatePlan) -> Machine[str]:
    """Leave one state. A mistake of our own leaves this one, and keeps no other from being left."""
    reason = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            result = yield Sleep(PAUSE_S)
            assert result is not None
            state.observe(result.times)
        try:
            end = yield from _play(state, entered.leave, "leave", entered)
        except Exception as error:  # noqa: BLE001 - see above
            return f"our own code failed: {type(error).__name__}: {error}"
        if end.verdict.held:
            return ""
        reason = end.verdict.reason
    return reason


def _play(state: RunState, plan: CallPlan, purpose: str, of: StatePlan) -> Machine[StepEnd]:
    operation = state.spec.plan.platform.operations[plan.operation]
    step = StepPlan(f"{purpose} {of.name}", operation.place, operation, plan.arguments, within_s=WITHIN_S)
    return (yield from play_step(state, step, purpose=purpose))


def _holds(state: RunState, plan: StatePlan) -> bool:
    if plan.holds is None:
        return False
    try:
        return plan.holds.holds(state.scope(), state.currency)
    except ExpressionError:
        return False
