"""Which exchange of an operation moves its money: that one carries the idempotency key, and its intent is journaled first.

Guessing wrong would send money unjournaled, so what is not plain from the exchanges has to be written: `money: true`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from synthetic.config.exchanges import AnyExchange
from synthetic.config.located import Text
from synthetic.config.models import HttpModel, OperationModel, SendModel
from synthetic.config.problems import Problems
from synthetic.core.plan_exchanges import ExchangePlan, HttpPlan, SendPlan

_READING = ("GET", "HEAD")
_HINT = "write `money: true` at the one that does"

Exchanges = tuple[ExchangePlan, ...]


def mark_money_exchange(name: Text, model: OperationModel, plans: Exchanges, problems: Problems) -> Exchanges:
    """The exchanges, the one that moves the money marked; mistakes go to `problems`."""
    marked = [index for index, exchange in enumerate(model.exchanges) if _is_marked(exchange)]
    if not model.has("moves"):
        for index in marked:
            _tell(model, index, f"`money: true`, but {name} has no `moves`", "say in `moves` what it moves", problems)
        return plans
    if marked:
        _check_marked(model, marked, plans, problems)
        return _with_money(plans, marked[0]) if _may_move_money(plans[marked[0]]) else plans
    candidates = [index for index, plan in enumerate(plans) if _may_move_money(plan)]
    if len(candidates) == 1:
        return _with_money(plans, candidates[0])
    if plans and _all_read(model, plans):
        _tell_unclear(name, model, candidates, problems)
    return plans


def _is_marked(exchange: AnyExchange) -> bool:
    return isinstance(exchange, HttpModel | SendModel) and exchange.money


def _may_move_money(plan: ExchangePlan) -> bool:
    return isinstance(plan, SendPlan) or (isinstance(plan, HttpPlan) and plan.method not in _READING)


def _check_marked(model: OperationModel, marked: Sequence[int], plans: Exchanges, problems: Problems) -> None:
    for index in marked:
        plan = plans[index]
        if not _may_move_money(plan):
            assert isinstance(plan, HttpPlan), "only requests and frames may be marked"
            _tell(model, index, f"a {plan.method} only reads, so it can't move money", _HINT, problems)
    for index in marked[1:]:
        _tell(model, index, "a second `money: true`: an operation moves money once", "make two operations", problems)


def _tell(model: OperationModel, index: int, message: str, hint: str, problems: Problems) -> None:
    problems.add(model.exchanges[index].source.key_at("money"), message, hint)


def _tell_unclear(name: Text, model: OperationModel, candidates: Sequence[int], problems: Problems) -> None:
    place = model.source.key_at("moves")
    if candidates:
        problems.add(place, f"{len(candidates)} exchanges of {name} could move its money", _HINT)
    else:
        message = f"no exchange of {name} can move money: a GET or HEAD only reads"
        problems.add(place, message, "give it the request or the frame that moves the money, or take `moves` away")


def _all_read(model: OperationModel, plans: Exchanges) -> bool:
    """Whether every exchange was understood; otherwise a missing one is only the consequence of another mistake."""
    written = model.as_written.value("exchanges")
    return (written is None or len(written) == len(plans)) and not any(
        isinstance(exchange, HttpModel) and isinstance(plan, HttpPlan) and not plan.method
        for exchange, plan in zip(model.exchanges, plans, strict=True)
    )


def _with_money(plans: Exchanges, index: int) -> Exchanges:
    carrier = plans[index]
    assert isinstance(carrier, HttpPlan | SendPlan), "only requests and frames move money"
    return (*plans[:index], replace(carrier, money=True), *plans[index + 1 :])
