"""Limits before money moves, and the payouts that rounds show."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.events import MoneyMoved
from synthetic.core.history import Bet, Fact, Round
from synthetic.core.machine.state import RunState
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome


def limit_refusal(state: RunState, kind: str, amount: object) -> str:
    """Why this amount must not move: not positive, foreign, or over the scenario's or the cell's limit; "" if it may."""
    if not isinstance(amount, Money) or amount.currency != state.currency:
        return f"{amount} is not an amount in {state.currency}"
    if amount.minor <= 0:
        return f"{amount} is not a positive amount"
    plan, cell = state.spec.plan, state.spec.cell
    for owner, limits in ((f"scenario {plan.name}", plan.limits), (f"cell {cell.name}", cell.limits)):
        limit = limits.get(kind)
        if limit is not None and (limit.currency != amount.currency or amount.minor > limit.minor):
            return f"{amount} is over the {kind} limit {limit} of {owner}; nothing was sent"
    if kind not in plan.limits:
        return f"scenario {plan.name} has no {kind} limit; nothing was sent"
    return ""


def payouts_shown(state: RunState, known: Fact) -> Iterator[MoneyMoved]:
    """What a finished round gave back: the payout of a won one, the stake of a void one."""
    if not isinstance(known, Round) or known.outcome is not StepOutcome.DONE:
        return
    amount = known.payout
    if known.state == "VOID":
        stakes = [fact.stake for fact in state.facts if isinstance(fact, Bet) and fact.reference == known.reference]
        amount = stakes[0] if stakes else amount
    if amount.minor > 0:
        yield MoneyMoved(state.spec.run_id, known.step, "payout", amount, "payout", StepOutcome.DONE, "")
