"""Links what a mapping says of a wallet as a whole: how its surplus is brought home, and which statements it is compared by."""

from __future__ import annotations

from collections.abc import Mapping

from synthetic.config.arguments import link_arguments
from synthetic.config.durations import seconds
from synthetic.config.models import ReconcileModel, StatementModel, SweepModel, WithdrawModel
from synthetic.config.problems import Problems
from synthetic.config.states import link_call
from synthetic.config.vocabularies import prefixed
from synthetic.core.expressions import Kind, Vocabulary
from synthetic.core.plan import OperationPlan
from synthetic.core.plan_home import PSP, SURPLUS, ReconcilePlan, StatementPlan, SweepPlan, WithdrawPlan

Operations = Mapping[str, OperationPlan]
_WITHIN_S = 15.0


def link_sweep(
    model: SweepModel | None, operations: Operations, names: Vocabulary, problems: Problems
) -> SweepPlan | None:
    """How a surplus is brought home."""
    if model is None:
        return None
    balance = link_call(model.balance, operations, names, problems, purpose="a balance is read")
    cash = problems.expression(model.cash, {**names, **_outs(operations, model.balance.call)}, Kind.MONEY)
    withdraw = _link_withdraw(model.withdraw, operations, names, problems) if model.withdraw is not None else None
    return SweepPlan(balance, cash, withdraw)


def _link_withdraw(
    model: WithdrawModel, operations: Operations, names: Vocabulary, problems: Problems
) -> WithdrawPlan | None:
    operation = operations.get(model.call)
    if operation is None:
        problems.unknown(model.call, "operation", operations)
        return None
    if operation.moves is None or (operation.moves.source, operation.moves.target) != ("wallet", "psp"):
        hint = "it needs `moves` from the wallet to the psp"
        problems.add(model.call.place, f"a surplus is withdrawn, but {operation.name} does not withdraw", hint)
    arguments = link_arguments(
        model.with_, model.source.get_mapped("with"), operation.inputs, operation.optional, {**names, **SURPLUS}, problems,
        callee=operation.name, at=model.call.place,
    )  # fmt: skip
    seen = {**names, **_outs(operations, model.call), **prefixed("args", operation.inputs)}
    until = problems.expression(model.until, seen, Kind.BOOL) if model.until is not None else None
    return WithdrawPlan(operation.name, arguments, until, _WITHIN_S if model.within is None else seconds(model.within))


def link_reconcile(
    model: ReconcileModel | None, operations: Operations, names: Vocabulary, problems: Problems
) -> ReconcilePlan | None:
    """The statements that the journal is compared by."""
    if model is None:
        return None
    ledger = _link_statement(model.ledger, operations, names, problems)
    psp = _link_statement(model.psp, operations, {**names, **PSP}, problems) if model.psp is not None else None
    kinds = frozenset(map(str, model.kinds))
    return ReconcilePlan(ledger, kinds, psp, "id" if model.reference is None else str(model.reference))


def _link_statement(
    model: StatementModel, operations: Operations, names: Vocabulary, problems: Problems
) -> StatementPlan:
    call = link_call(model, operations, names, problems, purpose="a statement is read")
    return StatementPlan(
        call, problems.expression(model.entries, {**names, **_outs(operations, model.call)}, Kind.LIST)
    )


def _outs(operations: Operations, name: str) -> dict[str, Kind]:
    """The outputs of an operation; of one that there is not, anything."""
    operation = operations.get(name)
    return prefixed("out", operation.out_kinds()) if operation is not None else {"out": Kind.ANY}
