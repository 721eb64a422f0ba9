"""Reads what platform and PSPs say of one player's money, in one form, so that the journal can be compared with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synthetic.core.effects import Intent
from synthetic.core.expressions import ExpressionError
from synthetic.core.machine.call import Call
from synthetic.core.machine.calls import perform
from synthetic.core.machine.journaled import read_args
from synthetic.core.machine.signing_in import footing_of, sign_in
from synthetic.core.machine.state import Machine, RunState, dotted
from synthetic.core.money import Money, MoneyError
from synthetic.core.outcome import StepOutcome
from synthetic.core.plan import CallPlan, RunSpec
from synthetic.core.plan_home import ReconcilePlan, StatementPlan
from synthetic.core.plan_reading import Footing

STEP = "reconcile"
WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """One entry of a statement. `kind`: of the effect that it belongs to (a limit's name), "" for none of ours.

    `amount` is signed as the wallet sees it; `at_s`: Unix seconds, where the statement says so.
    """

    reference: str
    kind: str
    amount: Money
    key: str = ""
    at_s: int | None = None


@dataclass(frozen=True, slots=True)
class Statements:
    """What was read of one player: the ledger's entries, each PSP's, and by which reference they know each effect's key.

    `unread`: why something is missing; then nothing can be concluded from its absence.
    """

    ledger: tuple[StatementEntry, ...] = ()
    psp: Mapping[str, tuple[StatementEntry, ...]] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    unread: str = ""


def read_statements(spec: RunSpec, effects: Sequence[Intent]) -> Machine[Statements]:
    """Sign the player in, look up by which reference the ledger knows each effect, and read all statements.

    An effect that the ledger names by its own key is not looked up. Raises nothing: what can't be read is told.
    """
    state, plan = RunState(spec), spec.plan.platform.reconcile
    if plan is None:
        return Statements(unread=f"the mapping of {spec.plan.platform.name} has no `reconcile`")
    reason = yield from sign_in(state, _footing(state, plan, effects))
    if reason:
        return Statements(unread=reason)
    try:
        ledger = yield from _read(state, plan.ledger, {})
        keys = {entry.key for entry in ledger} | {entry.reference for entry in ledger}
        references = yield from _look_up(state, plan, [one for one in effects if one.key not in keys])
        reports = {}
        for psp in spec.cell.psps if plan.psp is not None else ():
            assert plan.psp is not None
            reports[psp] = yield from _read(state, plan.psp, {"psp": psp})
    except _Unread as unread:
        return Statements(unread=state.told(str(unread)))
    return Statements(ledger, reports, references)


class _Unread(Exception):  # noqa: N818 - a statement that could not be read is the target's doing
    """A statement or a look-up that did not come, or that says nothing."""


def _footing(state: RunState, plan: ReconcilePlan, effects: Iterable[Intent]) -> Footing:
    footing = footing_of(state, plan.ledger.call)
    if plan.psp is not None:
        footing |= footing_of(state, plan.psp.call)
    for name in {intent.operation for intent in effects} & state.spec.plan.platform.operations.keys():
        moves = state.spec.plan.platform.operations[name].moves
        footing |= footing_of(state, moves.lookup) if moves is not None else Footing()
    return footing


def _read(state: RunState, plan: StatementPlan, scope: Mapping[str, Any]) -> Machine[tuple[StatementEntry, ...]]:
    out = yield from _ask(state, plan.call, scope)
    try:
        entries = plan.entries.value(state.scope(scope, dotted("out", out)), state.currency)
        return tuple(_entry(entry) for entry in entries)
    except (ExpressionError, MoneyError, KeyError, TypeError, ValueError) as error:
        raise _Unread(f"the statement of {plan.call.operation} can't be read: {error}") from None


def _entry(told: Mapping[str, Any]) -> StatementEntry:
    at_s = told.get("at")
    amount = Money(int(told["amount_minor"]), str(told["currency"]))
    return StatementEntry(
        str(told["reference"]), str(told["kind"]), amount, str(told.get("key", "")), None if at_s is None else int(at_s)
    )


def _look_up(state: RunState, plan: ReconcilePlan, effects: Sequence[Intent]) -> Machine[dict[str, str]]:
    """The reference of each effect that the platform knows by its key; one that it doesn't know has none."""
    references = {}
    for intent in effects:
        operation = state.spec.plan.platform.operations.get(intent.operation)
        if operation is None or operation.moves is None:
            continue
        args = dict.fromkeys(operation.optional, "") | read_args(intent.args)
        out = yield from _ask(state, operation.moves.lookup, dotted("args", args) | {"key": intent.key})
        if out.get(plan.reference):
            references[intent.key] = str(out[plan.reference])
    return references


def _ask(state: RunState, plan: CallPlan, scope: Mapping[str, Any]) -> Machine[Mapping[str, Any]]:
    operation = state.spec.plan.platform.operations[plan.operation]
    seen = state.scope(scope)
    try:
        args = {name: template.value(seen, state.currency) for name, template in plan.arguments.items()}
    except ExpressionError as error:
        raise _Unread(f"{plan.operation} can't be asked: {error}") from None
    deadline_ns = state.now_ns + int(WITHIN_S * 1e9)
    end = yield from perform(state, Call(STEP, operation, args, str(scope.get("key", "")), deadline_ns, "lookup"))
    if end.outcome is not StepOutcome.DONE:
        raise _Unread(end.reason or f"{plan.operation} was refused: {end.code}")
    return end.out
