"""Limits before money moves, and the payouts that rounds show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from synthetic.core.events import MoneyMoved
from synthetic.core.expressions import ExpressionError
from synthetic.core.history import Bet, Fact, Rollback, Round
from synthetic.core.machine.ends import CallEnd
from synthetic.core.machine.state import Movement, RunState
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome
from synthetic.core.plan import OperationPlan


def limit_refusal(state: RunState, kind: str, amount: object) -> str:
    """Why this amount must not move: foreign, or over the scenario's or the cell's limit; "" if it may."""
    if not isinstance(amount, Money) or amount.currency != state.currency:
        return f"{amount} is not an amount in {state.currency}"
    plan, cell = state.spec.plan, state.spec.cell
    for owner, limits in ((f"scenario {plan.name}", plan.limits), (f"cell {cell.name}", cell.limits)):
        limit = limits.get(kind)
        if limit is not None and (limit.currency != amount.currency or amount.minor > limit.minor):
            return f"{amount} is over the {kind} limit {limit} of {owner}; nothing was sent"
    if kind not in plan.limits:
        return f"scenario {plan.name} has no {kind} limit; nothing was sent"
    return ""


def reads_cash(state: RunState, operation: OperationPlan) -> bool:
    """Whether it is this operation by which the mapping's sweep reads the player's cash."""
    plan = state.spec.plan.platform.sweep
    return plan is not None and plan.balance.operation == operation.name


def note_cash(state: RunState, scope: Mapping[str, Any], end: CallEnd) -> None:
    """Keep the player's cash, which an operation that reads it has answered."""
    plan = state.spec.plan.platform.sweep
    if plan is None or end.outcome is not StepOutcome.DONE:
        return
    try:
        cash = plan.cash.value(state.scope(scope), state.currency)
    except ExpressionError:
        return
    state.cash = cash if isinstance(cash, Money) else None
    if not state.movements and state.cash_before is None:
        state.cash_before = state.cash


def money_moved(state: RunState, movement: Movement) -> MoneyMoved:
    """What is known of a money effect now."""
    return MoneyMoved(
        state.spec.run_id,
        movement.step,
        movement.moves.kind,
        movement.amount,
        movement.direction,
        movement.outcome,
        movement.key,
    )


def in_wallet(movement: Movement) -> int:
    """What a movement has put into the player's wallet, in minor units; negative for what it took out.

    A payout is counted where its round shows it (`given_back_minor`), whoever sent it.
    """
    if movement.outcome is StepOutcome.REFUSED or (
        movement.outcome is StepOutcome.UNKNOWN and movement.direction != "in"
    ):
        return 0
    return {"in": 1, "out": -1, "stake": -1, "payout": 0, "bonus": 0}[movement.direction] * movement.amount.minor


def changed_by(state: RunState) -> Money:
    """By how much the run has changed its player's cash: as it was read before and behind its effects, else as they add up.

    What it has read knows of fees, bonuses and what a rollback gives back; nobody else plays on the account meanwhile.
    """
    if state.cash is not None and state.cash_before is not None and state.cash.currency == state.cash_before.currency:
        return state.cash - state.cash_before
    minor = sum(in_wallet(movement) for movement in state.movements) + state.given_back_minor
    return Money(minor, state.currency)


def payouts_shown(state: RunState, known: Fact) -> Iterator[MoneyMoved]:
    """What a finished round or a rollback gave back: the payout of a won round, the stake of a void or rolled-back bet."""
    if not isinstance(known, Round | Rollback) or known.outcome is not StepOutcome.DONE:
        return
    amount = _given_back(state, known)
    if amount is not None and amount.minor > 0:
        state.given_back_minor += amount.minor
        if any(m.step == known.step and m.direction == "payout" for m in state.movements):
            return  # the step is this payout, and tells it as its own
        yield MoneyMoved(state.spec.run_id, known.step, "payout", amount, "payout", StepOutcome.DONE, "")


def _given_back(state: RunState, known: Round | Rollback) -> Money | None:
    if isinstance(known, Round) and known.state != "VOID":
        return known.payout
    earlier = [fact for fact in state.facts if isinstance(fact, Rollback) and fact.reference == known.reference]
    if earlier != [known] and isinstance(known, Rollback):
        return None  # only the first rollback gives the stake back; a second one is a check's business
    stakes = [fact.stake for fact in state.facts if isinstance(fact, Bet) and fact.reference == known.reference]
    return stakes[0] if stakes else None
