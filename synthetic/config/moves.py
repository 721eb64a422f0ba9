"""Links the money effect of an operation: no money moves without a key to find it by, a look-up and an undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from synthetic.config.arguments import by_name, link_arguments
from synthetic.config.models import KeyModel, LookupModel, MovesModel, UndoModel
from synthetic.config.problems import Problems
from synthetic.config.vocabularies import merged, prefixed
from synthetic.core.expressions import Kind, Vocabulary
from synthetic.core.plan import CallPlan, MovesPlan
from synthetic.core.plan_exchanges import ExchangePlan, HttpPlan, SendPlan
from synthetic.core.plan_reading import expressions_in
from synthetic.core.templates import Template

NO_UNDO = "none"


@dataclass(frozen=True, slots=True)
class Callee:
    """What a caller has to know of an operation."""

    name: str
    inputs: Mapping[str, Kind]
    optional: frozenset[str]
    outs: Mapping[str, Kind]


@dataclass(frozen=True, slots=True)
class _Caller:
    """The operation that moves money, as its look-up and undo see it."""

    names: Vocabulary
    inputs: Mapping[str, Kind]
    known: Mapping[str, Callee]
    problems: Problems


def link_moves(
    moves: MovesModel,
    exchanges: tuple[ExchangePlan, ...],
    names: Vocabulary,
    inputs: Mapping[str, Kind],
    outs: Mapping[str, Kind],
    known: Mapping[str, Callee],
    problems: Problems,
) -> MovesPlan:
    """The money effect. `outs`: the operation's outputs, its poll's included."""
    caller = _Caller(names, inputs, known, problems)
    key_in, key_name = _link_key(moves.key, exchanges, problems)
    lookup = _link_lookup(moves.lookup, caller)
    found = known.get(moves.lookup.call)
    undo = _link_undo(moves, merged(outs, found.outs if found else {}), caller)
    return MovesPlan(
        kind=str(moves.kind),
        amount=problems.expression(moves.amount, names, Kind.MONEY),
        source=str(moves.from_),
        target=str(moves.to),
        key_in=key_in,
        key_name=key_name,
        lookup=lookup,
        undo=undo,
        key_value=problems.template(moves.key.value, names, Kind.STRING) if moves.key.value is not None else None,
    )


def _link_key(
    key: KeyModel, exchanges: tuple[ExchangePlan, ...], problems: Problems
) -> tuple[Literal["header", "field"], str]:
    carrier = next((plan for plan in exchanges if isinstance(plan, HttpPlan | SendPlan) and plan.money), None)
    if (key.header is None) == (key.field is None):
        problems.add(key.source.place, "the key goes into either a `header` or a `field`")
        return "header", str(key.header or "")
    if key.header is not None:
        if isinstance(carrier, SendPlan):
            problems.add(key.at("header"), "a frame has no headers", "put the key into a `field` of the frame")
        return "header", str(key.header)
    assert key.field is not None
    if carrier is not None and not _carries(carrier):
        problems.add(
            key.at("field"),
            f"the request has no place for the key '{key.field}'",
            "write it into the body as ${{ key }}",
        )
    return "field", str(key.field)


def _carries(carrier: HttpPlan | SendPlan) -> bool:
    """A JSON object or a form gets the key as a field; every other body has to hold it already."""
    body_kind = carrier.body_kind if isinstance(carrier, HttpPlan) else "json"
    if body_kind in ("json", "form") and isinstance(carrier.body, Mapping):
        return True
    body = carrier.raw if isinstance(carrier, SendPlan) and carrier.raw is not None else carrier.body
    return any("key" in expression.names for expression in expressions_in(body))


def _link_lookup(lookup: LookupModel, caller: _Caller) -> CallPlan:
    """A look-up sees arguments and key only: after a time-out there is no answer to take anything from."""
    callee = caller.known.get(lookup.call)
    if callee is None:
        caller.problems.unknown(lookup.call, "operation", caller.known)
        return CallPlan(str(lookup.call), {})
    with caller.problems.explaining(_not_in_a_lookup):
        arguments = _arguments(lookup, callee, caller, {})
    found_names = {**caller.names, **prefixed("out", callee.outs)}
    found = caller.problems.expression(lookup.found, found_names, Kind.BOOL) if lookup.found is not None else None
    return CallPlan(callee.name, arguments, found=found)


def _not_in_a_lookup(name: str) -> str:
    seen = "a look-up sees `args` and `key` only: after a time-out there is no answer"
    return seen if name.partition(".")[0] in ("out", "body", "status", "headers", "frame") else ""


def _link_undo(moves: MovesModel, outs: Mapping[str, Kind], caller: _Caller) -> CallPlan | None:
    undo, problems = moves.undo, caller.problems
    if undo.call == NO_UNDO:
        if moves.why is None and not moves.has("why"):
            problems.add(moves.at("undo"), "`undo: none` needs a reason", "add `why: ...` for those who audit it")
        return None
    if moves.why is not None:
        problems.add(moves.at("why"), "`why` belongs to `undo: none`; this effect has an undo")
    callee = caller.known.get(undo.call)
    if callee is None:
        problems.unknown(undo.call, "operation", caller.known)
        return None
    names = {**caller.names, **prefixed("out", outs)}
    when = problems.expression(undo.when, names, Kind.BOOL) if undo.when is not None else None
    settled = problems.expression(undo.settled, names, Kind.BOOL) if undo.settled is not None else None
    return CallPlan(callee.name, _arguments(undo, callee, caller, outs), when=when, settled=settled)


def _arguments(
    call: LookupModel | UndoModel, callee: Callee, caller: _Caller, outs: Mapping[str, Kind]
) -> dict[str, Template]:
    seen = prefixed("out", outs)
    names = {**caller.names, **seen}
    if not call.has("with"):
        sources = [*seen, *prefixed("args", caller.inputs), "key"]
        families = ("argument",) if isinstance(call, LookupModel) else ("output", "argument")
        return by_name(
            callee.inputs, callee.optional, sources, names, caller.problems,
            callee=callee.name, at=call.call.place, families=families,
        )  # fmt: skip
    return link_arguments(
        call.with_, call.source.get_mapped("with"), callee.inputs, callee.optional, names, caller.problems,
        callee=callee.name, at=call.call.place,
    )  # fmt: skip
