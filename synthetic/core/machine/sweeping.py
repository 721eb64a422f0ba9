"""The last step of a recovery: what the player's wallet has above its baseline goes back to where it came from, or is told.

The withdrawal is an effect like any other, with an intent and a key of its own that is made of the run: it is never sent under a
second one. A withdrawal that an earlier recovery has sent is looked up, and not undone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from synthetic.core.effects import Resolve
from synthetic.core.errors import Place
from synthetic.core.expressions import Expression, ExpressionError
from synthetic.core.machine.call import Call
from synthetic.core.machine.calls import perform
from synthetic.core.machine.signing_in import footing_of
from synthetic.core.machine.state import Machine, Movement, RunState, dotted
from synthetic.core.machine.steps import play_step
from synthetic.core.machine.undo import look_up
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState, StepOutcome
from synthetic.core.plan import CallPlan, StepPlan
from synthetic.core.plan_home import SweepPlan, WithdrawPlan
from synthetic.core.plan_reading import Footing

STEP = "sweep"
READ_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Baseline:
    """The cash that a player has to have between two runs, and whether what is above it may be withdrawn here."""

    cash: Money
    may_withdraw: bool = True


@dataclass(frozen=True, slots=True)
class Swept:
    """What the sweep came to. `residue`: what is above the baseline and stays there, and `reason` why.

    `undone`: why it has to be tried again. `amount`, `key` and `state` are those of its withdrawal, None where none was sent.
    """

    residue: Money | None = None
    reason: str = ""
    undone: str = ""
    amount: Money | None = None
    key: str = ""
    state: IntentState | None = None


def sweep_footing(state: RunState, sent: Movement | None) -> Footing:
    """What the sweep's calls stand on."""
    plan, platform = state.spec.plan.platform.sweep, state.spec.plan.platform
    footing = footing_of(state, sent.moves.lookup) if sent is not None else Footing()
    if plan is None:
        return footing
    footing |= footing_of(state, plan.balance)
    if plan.withdraw is not None:
        moves = platform.operations[plan.withdraw.operation].moves
        assert moves is not None, "config demands moves of it"
        footing |= footing_of(state, CallPlan(plan.withdraw.operation, plan.withdraw.arguments))
        footing |= footing_of(state, moves.lookup)
    return footing


def sweep(
    state: RunState, baseline: Baseline | None, source: Mapping[str, Any] | None, sent: Movement | None
) -> Machine[Swept]:
    """Bring the player's cash back to its baseline. `source`: the arguments of the newest payment that came in; None: none did.

    `sent`: the withdrawal of an earlier recovery, unless it is known to be over.
    """
    plan = state.spec.plan.platform.sweep
    if sent is not None:
        swept = yield from _ask_for(state, plan, sent)
        if swept is not None:
            return swept
    if plan is None or baseline is None:
        return Swept()
    cash = yield from _read_cash(state, plan)
    if isinstance(cash, str):
        return Swept(undone=f"the balance can't be read: {cash}")
    if cash.currency != baseline.cash.currency or cash <= baseline.cash:
        return Swept()
    surplus = cash - baseline.cash
    reason = _why_not(state, plan.withdraw, baseline, source, surplus)
    if reason:
        return Swept(surplus, reason)
    assert plan.withdraw is not None
    return (yield from _withdraw(state, plan.withdraw, surplus, source or {}))


def _ask_for(state: RunState, plan: SweepPlan | None, sent: Movement) -> Machine[Swept | None]:
    """What became of the withdrawal that was sent before; None: it never happened, and may be sent again under its key."""
    what = f"the withdrawal of {sent.amount}"
    found = yield from look_up(state, sent)
    if found is False and sent.too_late:
        yield Resolve(sent.key, IntentState.REFUSED)
        return None
    if not found:
        reason = (
            f"{what} is not found, and may be on its way"
            if found is False
            else f"nobody knows of {what}: {sent.unheard}"
        )
        return Swept(undone=reason, amount=sent.amount, key=sent.key, state=IntentState.UNKNOWN)
    until = plan.withdraw.until if plan is not None and plan.withdraw is not None else None
    over = until is None or _holds(state, until, sent)
    ended = IntentState.SETTLED if over else IntentState.DONE
    yield Resolve(sent.key, ended)
    return Swept(undone="" if over else f"{what} is under way", amount=sent.amount, key=sent.key, state=ended)


def _holds(state: RunState, until: Expression, sent: Movement) -> bool:
    try:
        scope = state.scope(dotted("args", sent.args), dotted("out", sent.out))
        return until.holds(scope, state.currency)
    except ExpressionError:
        return False


def _read_cash(state: RunState, plan: SweepPlan) -> Machine[Money | str]:
    operation = state.spec.plan.platform.operations[plan.balance.operation]
    try:
        args = {name: one.value(state.scope(), state.currency) for name, one in plan.balance.arguments.items()}
        deadline_ns = state.now_ns + int(READ_WITHIN_S * 1e9)
        end = yield from perform(state, Call(STEP, operation, args, "", deadline_ns, "lookup"))
        if end.outcome is not StepOutcome.DONE:
            return end.reason or end.code
        cash = plan.cash.value(state.scope(dotted("out", end.out)), state.currency)
    except ExpressionError as error:
        return str(error)
    return cash if isinstance(cash, Money) else f"`{plan.cash.text}` is no amount"


def _why_not(
    state: RunState,
    plan: WithdrawPlan | None,
    baseline: Baseline,
    source: Mapping[str, Any] | None,
    surplus: Money,
) -> str:
    """Why a surplus stays where it is; "" where it may be withdrawn. The cell's own limit covers it: it is in no scenario."""
    if plan is None:
        return "the mapping does not say how a surplus is withdrawn"
    if not baseline.may_withdraw:
        return "nothing may be withdrawn here"
    if source is None:
        return "the run has paid nothing in that it could go back to"
    moves = state.spec.plan.platform.operations[plan.operation].moves
    assert moves is not None
    limit = state.spec.cell.limits.get(moves.kind)
    if limit is None or limit.currency != surplus.currency or limit < surplus:
        return f"it is over the {moves.kind} limit {limit or 'of nothing'} of cell {state.spec.cell.name}"
    return ""


def _withdraw(state: RunState, plan: WithdrawPlan, surplus: Money, source: Mapping[str, Any]) -> Machine[Swept]:
    operation = state.spec.plan.platform.operations[plan.operation]
    assert operation.moves is not None
    spec = state.spec
    limits = {**spec.plan.limits, operation.moves.kind: surplus}
    state.spec = replace(spec, plan=replace(spec.plan, limits=limits))
    # CEL's maps hold no amounts.
    plain = {name: value for name, value in source.items() if not isinstance(value, Money)}
    state.steps |= {"surplus": surplus, "source": plain}
    step = StepPlan(STEP, Place(), operation, plan.arguments, until=plan.until, within_s=plan.within_s)
    end = yield from play_step(state, step, purpose=STEP)
    sent = next((movement for movement in reversed(state.movements) if movement.step == STEP), None)
    if sent is None or end.outcome is StepOutcome.REFUSED:
        return Swept(surplus, f"its withdrawal was refused: {end.verdict.reason}")
    if end.outcome is StepOutcome.DONE and end.verdict.held:
        yield Resolve(sent.key, IntentState.SETTLED)
        return Swept(amount=surplus, key=sent.key, state=IntentState.SETTLED)
    ended = IntentState.DONE if end.outcome is StepOutcome.DONE else IntentState.UNKNOWN
    undone = f"the withdrawal of {surplus}: {end.verdict.reason}"
    return Swept(undone=undone, amount=surplus, key=sent.key, state=ended)
