"""What a plan reads and keeps: the expressions in it, and the session values and connections that an operation needs or makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from synthetic.core.errors import Place
from synthetic.core.expressions import Expression
from synthetic.core.plan import OperationPlan, ScenarioPlan, StepPlan
from synthetic.core.plan_exchanges import ClosePlan, HttpPlan, OpenPlan, ReceivePlan, SendPlan

_SESSION = "session."
_CONNECTION = "connection "


def expressions_in(value: Any) -> Iterator[Expression]:
    """Every expression of a plan, or of a part of one."""
    match value:
        case Expression():
            yield value
        case Mapping():
            for item in value.values():
                yield from expressions_in(item)
        case tuple() | list():
            for item in value:
                yield from expressions_in(item)
        case _ if is_dataclass(value) and not isinstance(value, Place):
            for field in fields(value):
                yield from expressions_in(getattr(value, field.name))


@dataclass(frozen=True, slots=True)
class Footing:
    """What a call stands on: session values (`session.token`) and open WebSockets (`connection game`).

    `all_of_it`: code in Python reads the session as it likes, so it may need whatever was saved.
    """

    names: frozenset[str] = frozenset()
    all_of_it: bool = False

    def __or__(self, other: Footing) -> Footing:
        return Footing(self.names | other.names, self.all_of_it or other.all_of_it)


def needed_by(operation: OperationPlan) -> Footing:
    """What has to be there before the operation is called; what one of its exchanges makes for a later one is not."""
    if operation.hook is not None:
        return Footing(all_of_it=True)
    needed: set[str] = set()
    made: set[str] = set()
    for exchange in operation.exchanges:
        told = replace(exchange, save=()) if isinstance(exchange, HttpPlan | ReceivePlan) else exchange
        needed |= _session_names(told) - made
        if isinstance(exchange, SendPlan | ReceivePlan):
            needed |= {_CONNECTION + exchange.connection} - made
        if isinstance(exchange, HttpPlan | ReceivePlan):
            needed |= _session_names(exchange.save) - made
        made |= _made_in(exchange)
    return Footing(frozenset(needed | (_session_names(operation.out) - made)))


def read_by(value: Any) -> Footing:
    """What a part of a plan reads of the session, as the arguments of a call do."""
    return Footing(frozenset(_session_names(value)))


def made_by(operation: OperationPlan) -> frozenset[str]:
    """What is there after the operation was called."""
    return frozenset(name for exchange in operation.exchanges for name in _made_in(exchange))


def sign_in_steps(plan: ScenarioPlan, footing: Footing, before: str = "") -> tuple[StepPlan, ...]:
    """The moneyless steps that make what `footing` names, and what they need themselves, in the scenario's order.

    Of several steps that make the same thing, the last one before the step `before` does (of all steps, where there is none
    of that name). A step that has to be refused, or that repeats another one, makes nothing that anybody stands on.
    """
    ids = [step.id for step in plan.steps]
    earlier = plan.steps[: ids.index(before)] if before in ids else plan.steps
    chosen: list[StepPlan] = []
    open_names, everything, wanted_steps = set(footing.names), footing.all_of_it, set[str]()
    for step in reversed(earlier):
        if step.operation.moves is not None or step.refused or step.repeat:
            continue
        makes = made_by(step.operation)
        if not (makes & open_names or (everything and makes) or step.id in wanted_steps):
            continue
        chosen.append(step)
        needs = needed_by(step.operation)
        open_names = (open_names - makes) | needs.names
        everything = everything or needs.all_of_it
        wanted_steps |= _steps_read(step, ids)
    return tuple(reversed(chosen))


def _made_in(exchange: Any) -> set[str]:
    match exchange:
        case HttpPlan() | ReceivePlan():
            return {_SESSION + save.name for save in exchange.save}
        case OpenPlan():
            return {_CONNECTION + exchange.connection}
        case SendPlan() | ClosePlan():
            return set()
        case _:
            raise AssertionError(f"an exchange of an unknown kind: {exchange!r}")


def _session_names(value: Any) -> set[str]:
    return {name for expression in expressions_in(value) for name in expression.names if name.startswith(_SESSION)}


def _steps_read(step: StepPlan, ids: Iterable[str]) -> set[str]:
    """The earlier steps whose outputs the step's arguments are made of."""
    read = {name.partition(".")[0] for expression in expressions_in(step.arguments) for name in expression.names}
    return read.intersection(ids)
