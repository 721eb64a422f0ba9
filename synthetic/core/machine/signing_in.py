"""Signing a player in without playing a scenario: only those of its moneyless steps that make what later calls stand on."""

from __future__ import annotations

from dataclasses import replace

from synthetic.core.machine.state import Machine, RunState
from synthetic.core.machine.steps import play_step
from synthetic.core.outcome import StepOutcome
from synthetic.core.plan import CallPlan
from synthetic.core.plan_reading import Footing, needed_by, read_by, sign_in_steps


def sign_in(state: RunState, footing: Footing, before: str = "") -> Machine[str]:
    """Play the steps that make what `footing` names, none behind the step `before`. Answers why one is not done; "" if all are."""
    for step in sign_in_steps(state.spec.plan, footing, before):
        state.step = step
        # What the scenario wants of the step is no matter here, nor what it waits for: only that it is done, and what it saves.
        end = yield from play_step(state, replace(step, until=None), purpose="sign_in")
        if end.outcome is not StepOutcome.DONE:
            return state.told(f"signing in again failed at step {step.id!r}: {end.verdict.reason}")
    return ""


def footing_of(state: RunState, call: CallPlan) -> Footing:
    """What a call of another operation stands on: that operation, and the arguments that it is given."""
    return needed_by(state.spec.plan.platform.operations[call.operation]) | read_by(call)
