"""What the operations of a scenario take from a cell by name: endpoints, secrets, attributes of players.

A name that a cell lacks would only show when the request is made, after money has moved; so it is looked for before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from synthetic.core.errors import Place
from synthetic.core.expressions import Expression
from synthetic.core.plan import OperationPlan, ScenarioPlan
from synthetic.core.plan_reading import expressions_in

_ROOTS = {"endpoint": "cell.endpoints", "secret": "secret", "attribute": "player"}
_PATTERNS = {
    noun: re.compile(rf"(?<![\w.])(?:{re.escape(root)})(?:\.(\w+)|\[\s*['\"]([^'\"]+)['\"]\s*\])")
    for noun, root in _ROOTS.items()
}


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """Something that is taken by name: an `endpoint`, a `secret` or a player's `attribute`."""

    noun: str
    name: str
    place: Place


def needs_of(plan: ScenarioPlan) -> list[Need]:
    """What a scenario and the operations behind it need, each once, where it is first named."""
    found: dict[tuple[str, str], Need] = {}
    states = [needed.state for needed in plan.states]
    for expression in expressions_in((plan.steps, plan.invariants, states, _operations(plan))):
        for need in _needs_in(expression):
            found.setdefault((need.noun, need.name), need)
    return sorted(found.values())


def _needs_in(expression: Expression) -> Iterator[Need]:
    if "has(" in expression.text:
        return  # it asks whether the name is there
    for noun, pattern in _PATTERNS.items():
        if _ROOTS[noun] in expression.names:
            for match in pattern.finditer(expression.text):
                yield Need(noun, match[1] or match[2], expression.place)


def _operations(plan: ScenarioPlan) -> list[OperationPlan]:
    """The operations that steps and states call, and those that poll, look up and undo for them."""
    reached: dict[str, OperationPlan] = {}
    waiting = [step.operation for step in plan.steps]
    entering = [call.operation for needed in plan.states for call in (needed.state.enter, needed.state.leave)]
    waiting += [plan.platform.operations[name] for name in entering]
    while waiting:
        operation = waiting.pop()
        if operation.name in reached:
            continue
        reached[operation.name] = operation
        moves = operation.moves
        calls = [operation.poll, moves.lookup if moves else None, moves.undo if moves else None]
        waiting += [plan.platform.operations[call.operation] for call in calls if call is not None]
    return list(reached.values())
