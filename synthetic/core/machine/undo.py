"""Compensation: for each money effect of an unfinished run, newest first, look it up by its key, then undo it, then report.

An unknown outcome is queried, never sent again under a new key. What can't be undone is stranded, and said so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from synthetic.core.effects import FaultKind, Resolve, Sleep, TransportFault
from synthetic.core.events import MoneyMoved, UndoEnded
from synthetic.core.expressions import Expression, ExpressionError
from synthetic.core.machine.call import Call, first_refusal
from synthetic.core.machine.calls import perform
from synthetic.core.machine.ends import CallEnd
from synthetic.core.machine.money import in_wallet, money_moved
from synthetic.core.machine.state import Machine, Movement, RunState, dotted
from synthetic.core.money import Money
from synthetic.core.outcome import CLOSED_STATES, IntentState, StepOutcome
from synthetic.core.plan import CallPlan

ATTEMPTS = 3
PAUSE_S = 0.3
WITHIN_S = 5.0
_NOT_REACHED = (FaultKind.CONNECT_REFUSED, FaultKind.CONNECT_TIMEOUT, FaultKind.PROXY_FAILED)


@dataclass(frozen=True, slots=True)
class Undone:
    """How the compensation of one effect ended: `undone`, `nothing_to_undo` or `stuck`, and why.

    `state` is what the journal keeps of it: an effect that was not found stays open there, as it may still arrive.
    """

    result: str
    reason: str
    state: IntentState
    returned: Money | None = None


def compensate(state: RunState) -> Machine[tuple[Money, ...]]:
    """Bring home what an unfinished run has moved. Answers the amounts that are stranded."""
    ends = yield from undo_all(state)
    return tuple(movement.amount for movement, ended in ends if ended.result == "stuck")


def undo_all(state: RunState, *, stop_unnoted: bool = False) -> Machine[list[tuple[Movement, Undone]]]:
    """Undo the movements that are not over yet, newest first. Answers how it ended for each, in that order.

    Once another process has taken the run over, nothing more is sent. `stop_unnoted`: go no further either once the journal
    can't be told. The run itself goes on then: with its journal gone, nobody but it knows what is left.
    """
    ends = []
    for movement in reversed(state.movements):
        if movement.outcome is StepOutcome.REFUSED or movement.over:
            continue
        ended = yield from _guarded(state, movement)
        if ended.result == "undone" or ended.state is IntentState.REFUSED:
            movement.outcome = StepOutcome.REFUSED  # it does not count any more for what the run has in the wallet
        movement.over = ended.state in CLOSED_STATES
        noted = None if state.fenced_off else (yield Resolve(movement.key, ended.state))
        if ended.returned is not None:
            yield _returned(state, movement, ended.returned)
        lost = movement.amount if ended.result == "stuck" else None
        yield UndoEnded(state.spec.run_id, movement.step, ended.result, state.told(ended.reason), lost)
        ends.append((movement, ended))
        if stop_unnoted and isinstance(noted, TransportFault):
            state.unnoted = noted.detail
        state.unnoted = state.unnoted or state.fenced_off
        if state.unnoted:
            break
    return ends


def _guarded(state: RunState, movement: Movement) -> Machine[Undone]:
    """Undo one effect. A mistake of our own strands this one, and keeps no other from coming home."""
    try:
        return (yield from _undo(state, movement))
    except Exception as error:  # noqa: BLE001 - see above
        return Undone("stuck", f"our own code failed: {type(error).__name__}: {error}", IntentState.STUCK)


def _undo(state: RunState, movement: Movement) -> Machine[Undone]:
    plan, acknowledged = movement.moves.undo, movement.outcome is StepOutcome.DONE
    if movement.direction == "in" and (taken := _taken_out(state)) is not None:
        return taken
    found = yield from look_up(state, movement)
    if found is not True and (unfound := _not_found(movement, answered=found is False)) is not None:
        return unfound
    if _turned_down(state, movement):
        return Undone("nothing_to_undo", "it was turned down in the end", IntentState.REFUSED)
    if movement.outcome is StepOutcome.UNKNOWN:
        movement.outcome = StepOutcome.DONE  # the look-up has found it
        yield money_moved(state, movement)
    if plan is None and movement.refused:
        unwanted = "it had to be refused, it was taken, and the mapping says that it has no undo"
        return Undone("stuck", unwanted, IntentState.STUCK)
    if plan is None:
        return Undone(
            "nothing_to_undo", "it has happened, and the mapping says that it has no undo", IntentState.SETTLED
        )
    if not _applies(state, movement, plan):
        return _past_undoing(state, movement, plan)
    return (yield from _send_undo(state, movement, plan, acknowledged=acknowledged))


def _never_kept(movement: Movement) -> Undone:
    """A look-up had found it while the platform was still deciding, and it was turned down: it is as unknown as before."""
    movement.outcome = StepOutcome.UNKNOWN
    gone = "it was there when it was looked up, and was turned down behind that: the platform knows no such key now"
    return Undone("nothing_to_undo", gone, IntentState.UNKNOWN)


def _not_found(movement: Movement, *, answered: bool) -> Undone | None:
    """What it means that the look-up did not show the effect; None where the undo may be tried all the same."""
    if movement.outcome is StepOutcome.DONE:
        lost = "it was acknowledged, and the platform now says that it knows no such key"
        return Undone("stuck", lost, IntentState.STUCK) if answered else None
    if not answered:
        unheard = f": {movement.unheard}" if movement.unheard else ""
        reason = f"nobody knows whether it happened: the look-up was not answered{unheard}"
        return Undone("stuck", reason, IntentState.UNKNOWN)
    if movement.too_late:
        return Undone("nothing_to_undo", f"the platform knows no such key, {movement.too_late}", IntentState.REFUSED)
    unknown = (
        f"the platform knows no such key, {ATTEMPTS} times asked; it stays open in the journal, as it may still arrive"
    )
    return Undone("nothing_to_undo", unknown, IntentState.UNKNOWN)


def _taken_out(state: RunState) -> Undone | None:
    """Why a deposit has nothing left to refund: the run has no money of its own in the wallet, or may have none.

    Only what is certain settles it: a payout that may have happened, or may yet come back, leaves it open in the journal.
    """
    outs = [m for m in state.movements if m.direction == "out" and m.outcome is not StepOutcome.REFUSED]
    unclear = next((m.step for m in outs if m.outcome is StepOutcome.UNKNOWN), "")
    if unclear:
        reason = f"step {unclear!r} may have taken it out; refunding it, too, could pay out twice"
        return Undone("nothing_to_undo", reason, IntentState.DONE)
    counted = [m for m in state.movements if outs or m.direction != "stake" or not state.payouts_unseen]
    left = sum(in_wallet(m) for m in counted) + state.given_back_minor
    if left > 0:
        return None
    under_way = next((m.step for m in outs if not m.over), "")
    if under_way:
        reason = f"step {under_way!r} is taking it out; only when that is over nothing is left to refund"
        return Undone("nothing_to_undo", reason, IntentState.DONE)
    return Undone("nothing_to_undo", "the run has taken out what it had put in", IntentState.SETTLED)


def _turned_down(state: RunState, movement: Movement) -> bool:
    return first_refusal(state, movement.operation.declined, state.scope(_seen(movement))) is not None


def _past_undoing(state: RunState, movement: Movement, plan: CallPlan) -> Undone:
    """The undo does not apply any more: is the effect over, by the mapping or by what the step wanted, or is it under way?

    Where neither says that it is over, nobody knows where the money is, and that is not for a machine to settle.
    """
    reason = f"`{plan.when.text}` does not hold any more" if plan.when else ""
    over = [claim for claim in (plan.settled, movement.until) if claim is not None]
    if any(_holds(state, movement, claim) for claim in over):
        return Undone("nothing_to_undo", reason, IntentState.SETTLED)
    return Undone("stuck", f"it is under way and can't be undone: {reason}", IntentState.STUCK)


def look_up(state: RunState, movement: Movement) -> Machine[bool | None]:
    """Ask by key. True: it exists (its outputs are refreshed); False: it does not; None: no answer."""
    plan = movement.moves.lookup
    answered = False
    for attempt in range(ATTEMPTS):
        if attempt:
            yield from _pause(state)
        end = yield from _call(state, movement, plan, "lookup")
        if end is None or end.outcome is not StepOutcome.DONE:
            movement.unheard = end.reason if end is not None else ""
            continue
        answered = True
        if _found(state, movement, plan, end):
            movement.out = {**movement.out, **end.out}
            return True
    return False if answered else None


def _seen(movement: Movement) -> dict[str, Any]:
    return dotted("args", movement.args) | dotted("out", movement.out) | {"key": movement.key}


def _found(state: RunState, movement: Movement, plan: CallPlan, end: CallEnd) -> bool:
    answer = dotted("out", end.out) | dict(end.values)
    return plan.found is None or _holds(state, movement, plan.found, answer)


def _applies(state: RunState, movement: Movement, plan: CallPlan) -> bool:
    # Where the state is not known, trying is safer than leaving the money where it is.
    return plan.when is None or _holds(state, movement, plan.when, unclear=True)


def _holds(
    state: RunState,
    movement: Movement,
    claim: Expression,
    answer: Mapping[str, Any] = MappingProxyType({}),
    *,
    unclear: bool = False,
) -> bool:
    """Whether a claim about the effect holds; `unclear` is the answer where it can't be computed."""
    try:
        return claim.holds(state.scope(_seen(movement), answer), state.currency)
    except ExpressionError:
        return unclear


def _send_undo(state: RunState, movement: Movement, plan: CallPlan, *, acknowledged: bool) -> Machine[Undone]:
    reason = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            yield from _pause(state)
        yield from _ask_the_fence(state, movement)
        if state.fenced_off:
            return Undone("stuck", f"it was not undone: {state.fenced_off}", IntentState.DONE)
        end = yield from _call(state, movement, plan, "undo")
        if end is None:
            return Undone("stuck", "the undo can't be called with what is known of the effect", IntentState.STUCK)
        if end.outcome is StepOutcome.DONE:
            returned = _amount_returned(movement, end.out)
            return Undone("undone", f"by {plan.operation}", IntentState.COMPENSATED, returned)
        reason = end.reason
        if end.outcome is StepOutcome.REFUSED and end.code not in _NOT_REACHED:
            break
    found = yield from look_up(state, movement)
    if found and not _applies(state, movement, plan):
        return _past_undoing(state, movement, plan)
    if found is False and not acknowledged:
        return _never_kept(movement)
    return Undone("stuck", f"{plan.operation}: {reason}", IntentState.STUCK)


def _ask_the_fence(state: RunState, movement: Movement) -> Machine[None]:
    """Before an undo leaves: is the run still ours? An effect that is to be undone is open in the journal, and stays so.

    A journal that is away stops no undo: money that can go home goes home, under a key that counts once.
    """
    noted = yield Resolve(movement.key, IntentState.DONE)
    if isinstance(noted, TransportFault) and noted.kind is FaultKind.FENCED_OFF:
        state.fenced_off = noted.detail


def _amount_returned(movement: Movement, out: Mapping[str, Any]) -> Money:
    """What went back: as much as the undo says, else all of it. More than was moved is no refund, but a balance, say."""
    told = next((value for value in out.values() if isinstance(value, Money)), movement.amount)
    return (
        told if told.currency == movement.amount.currency and told.minor <= movement.amount.minor else movement.amount
    )


def _returned(state: RunState, movement: Movement, amount: Money) -> MoneyMoved:
    direction = {"in": "out", "out": "in", "stake": "payout", "payout": "stake", "bonus": "bonus"}[movement.direction]
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
