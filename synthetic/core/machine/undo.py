"""Compensation: for each money effect of an unfinished run, newest first, look it up by its key, then undo it, then report.

An unknown outcome is queried, never sent again under a new key. What can't be undone is stranded, and said so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthetic.core.effects import Resolve, Sleep
from synthetic.core.events import MoneyMoved, UndoEnded
from synthetic.core.expressions import ExpressionError
from synthetic.core.machine.call import Call
from synthetic.core.machine.calls import perform
from synthetic.core.machine.ends import CallEnd
from synthetic.core.machine.state import Machine, Movement, RunState
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState, StepOutcome
from synthetic.core.plan import CallPlan

ATTEMPTS = 3
PAUSE_S = 0.3
WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Undone:
    """How the compensation of one effect ended: `undone`, `nothing_to_undo` or `stuck`, and why."""

    result: str
    reason: str
    returned: Money | None = None


def compensate(state: RunState) -> Machine[tuple[Money, ...]]:
    """Undo what an unfinished run has moved. Answers the amounts that are stranded."""
    stranded: list[Money] = []
    for movement in reversed(state.movements):
        if movement.moves.undo is None or movement.outcome is StepOutcome.REFUSED:
            continue
        ended = yield from _undo(state, movement)
        lost = movement.amount if ended.result == "stuck" else None
        if lost is not None:
            stranded.append(lost)
        yield Resolve(movement.key, IntentState.STUCK if lost is not None else IntentState.COMPENSATED)
        if ended.returned is not None:
            yield _returned(state, movement, ended.returned)
        yield UndoEnded(state.spec.run_id, movement.step, ended.result, state.redactor.redact(ended.reason), lost)
    return tuple(stranded)


def _undo(state: RunState, movement: Movement) -> Machine[Undone]:
    plan = movement.moves.undo
    assert plan is not None
    if movement.direction == "in" and (later := _returned_by(state, movement)):
        return Undone("nothing_to_undo", f"step {later!r} has taken it out again")
    found = yield from _look_up(state, movement)
    if found is False:
        return Undone("nothing_to_undo", "the platform knows no such key")
    if found is None and movement.outcome is StepOutcome.UNKNOWN:
        return Undone("stuck", "nobody knows whether it happened: the look-up was not answered")
    if not _applies(state, movement, plan):
        return Undone("nothing_to_undo", f"`{plan.when.text}` does not hold any more" if plan.when else "")
    return (yield from _send_undo(state, movement, plan))


def _returned_by(state: RunState, movement: Movement) -> str:
    later = state.movements[state.movements.index(movement) + 1 :]
    return next((m.step for m in later if m.direction == "out" and m.outcome is StepOutcome.DONE), "")


def _look_up(state: RunState, movement: Movement) -> Machine[bool | None]:
    """Ask by key. True: it exists (its outputs are refreshed); False: it does not; None: no answer."""
    plan = movement.moves.lookup
    for attempt in range(ATTEMPTS):
        if attempt:
            yield from _pause(state)
        end = yield from _call(state, movement, plan, "lookup")
        if end is None or end.outcome is not StepOutcome.DONE:
            continue
        if _found(state, movement, plan, end):
            movement.out = {**movement.out, **end.out}
            return True
        if movement.outcome is StepOutcome.DONE or attempt == ATTEMPTS - 1:
            return False  # an unknown effect may still be on its way, so "no" has to be said to the last attempt
    return None


def _found(state: RunState, movement: Movement, plan: CallPlan, end: CallEnd) -> bool:
    if plan.found is None:
        return True
    try:
        outs = {f"out.{name}": value for name, value in end.out.items()}
        return plan.found.holds(state.scope(_seen(movement), outs, end.values), state.currency)
    except ExpressionError:
        return False


def _seen(movement: Movement) -> dict[str, Any]:
    return (
        {f"args.{name}": value for name, value in movement.args.items()}
        | {f"out.{name}": value for name, value in movement.out.items()}
        | {"key": movement.key}
    )


def _applies(state: RunState, movement: Movement, plan: CallPlan) -> bool:
    if plan.when is None:
        return True
    try:
        return plan.when.holds(state.scope(_seen(movement)), state.currency)
    except ExpressionError:
        return True  # where the state is not known, trying is safer than leaving the money where it is


def _send_undo(state: RunState, movement: Movement, plan: CallPlan) -> Machine[Undone]:
    reason = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            yield from _pause(state)
        end = yield from _call(state, movement, plan, "undo")
        if end is None:
            return Undone("stuck", "the undo can't be called with what is known of the effect")
        if end.outcome is StepOutcome.DONE:
            return Undone("undone", f"by {plan.operation}", _amount_returned(movement, end.out))
        reason = end.reason
        if end.outcome is StepOutcome.REFUSED and end.code not in ("connect_refused", "connect_timeout"):
            break
    found = yield from _look_up(state, movement)
    if found and not _applies(state, movement, plan):
        return Undone("nothing_to_undo", "it came to its own end meanwhile")
    return Undone("stuck", f"{plan.operation}: {reason}")


def _amount_returned(movement: Movement, out: Mapping[str, Any]) -> Money:
    """What went back: as much as the undo says, else all of it."""
    amounts = [value for value in out.values() if isinstance(value, Money)]
    return amounts[0] if amounts else movement.amount


def _returned(state: RunState, movement: Movement, amount: Money) -> MoneyMoved:
    direction = {"in": "out", "out": "in", "stake": "payout", "bonus": "bonus"}[movement.direction]
    kind = f"undo {movement.moves.kind}"
    return MoneyMoved(state.spec.run_id, movement.step, kind, amount, direction, StepOutcome.DONE, movement.key)


def _call(state: RunState, movement: Movement, plan: CallPlan, purpose: str) -> Machine[CallEnd | None]:
    operation = state.spec.plan.platform.operations[plan.operation]
    scope = state.scope(_seen(movement))
    try:
        args = {name: template.value(scope, state.currency) for name, template in plan.arguments.items()}
    except ExpressionError:
        return None
    deadline_ns = state.now_ns + int(WITHIN_S * 1e9)
    return (yield from perform(state, Call(movement.step, operation, args, movement.key, deadline_ns, purpose)))


def _pause(state: RunState) -> Machine[None]:
    result = yield Sleep(PAUSE_S)
    assert result is not None
    state.observe(result.times)
