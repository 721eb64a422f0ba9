"""Links states of the player: how a mapping has them entered and left, and which of them a scenario needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synthetic.config.arguments import link_arguments
from synthetic.config.located import Text
from synthetic.config.models import (
    NeededStateModel,
    ProofModel,
    StateCallModel,
    StatementModel,
    StateModel,
    WalletCallModel,
)
from synthetic.config.problems import Problems
from synthetic.core.expressions import Kind, Vocabulary
from synthetic.core.plan import CallPlan, NeededState, OperationPlan, PlatformPlan, StatePlan, StepPlan


def link_states(
    models: Mapping[Text, StateModel],
    operations: Mapping[str, OperationPlan],
    names: Vocabulary,
    problems: Problems,
) -> dict[str, StatePlan]:
    """The states of a mapping by name."""
    states = {}
    for name, model in models.items():
        enter = link_call(model.enter, operations, names, problems, purpose="a state is entered and left")
        leave = link_call(model.leave, operations, names, problems, purpose="a state is entered and left")
        holds = problems.expression(model.holds, names, Kind.BOOL) if model.holds is not None else None
        states[str(name)] = StatePlan(str(name), enter, leave, holds)
    return states


def link_call(
    call: StateCallModel | ProofModel | WalletCallModel | StatementModel,
    operations: Mapping[str, OperationPlan],
    names: Vocabulary,
    problems: Problems,
    *,
    purpose: str,
) -> CallPlan:
    """A call outside of a scenario, which may move no money."""
    operation = operations.get(call.call)
    if operation is None:
        problems.unknown(call.call, "operation", operations)
        return CallPlan(str(call.call), {})
    if operation.moves is not None:
        hint = "a step moves money, so that it is journaled and undone"
        problems.add(call.call.place, f"{purpose} without money, but {operation.name} moves it", hint)
    arguments = link_arguments(
        call.with_, call.source.get_mapped("with"), operation.inputs, operation.optional, names, problems,
        callee=operation.name, at=call.call.place,
    )  # fmt: skip
    return CallPlan(operation.name, arguments)


def link_needed_states(
    models: Sequence[NeededStateModel], steps: Sequence[StepPlan], platform: PlatformPlan, problems: Problems
) -> tuple[NeededState, ...]:
    """The states that a scenario needs, each once."""
    needed: dict[str, NeededState] = {}
    for model in models:
        state = platform.states.get(model.state)
        if state is None:
            problems.unknown(model.state, "state", platform.states)
            continue
        if model.state in needed:
            problems.add(model.state.place, f"the state '{model.state}' stands twice")
        needed[str(model.state)] = NeededState(state, _link_after(model, steps, problems))
    return tuple(needed.values())


def _link_after(model: NeededStateModel, steps: Sequence[StepPlan], problems: Problems) -> str:
    if model.after is None or model.after.stands_in:
        return ""
    ids = [step.id for step in steps]
    if model.after not in ids:
        problems.unknown(model.after, "step", ids)
    elif model.after == ids[-1]:
        problems.add(model.after.place, f"'{model.after}' is the last step; no step would see the state")
    return str(model.after)
