"""Links operations in two passes: first what each takes, sends and gives; then what refers to other operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from synthetic.config.arguments import by_name, link_arguments
from synthetic.config.evidence import link_evidence
from synthetic.config.exchanges import Surroundings, duration_s, link_exchanges, link_refusals, link_saves
from synthetic.config.located import Text
from synthetic.config.models import BlameModel, OperationModel, PollModel
from synthetic.config.money_exchange import mark_money_exchange
from synthetic.config.moves import Callee, link_moves
from synthetic.config.vocabularies import BLAME, FRAME, HTTP_ANSWER, NAMES_OF_STEPS, merged, prefixed
from synthetic.core.expressions import Expression, Kind, did_you_mean
from synthetic.core.outcome import Blame
from synthetic.core.plan import BlameRule, CallPlan, Hook, MovesPlan, OperationPlan, SliPlan
from synthetic.core.plan_exchanges import ExchangePlan

ResolveHook = Callable[[str], Hook]
"""Finds the Python code of an operation; raises ValueError with the reason why it may not be used."""

POLL_EVERY_S = 0.25
_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Draft:
    """An operation after the first pass: what it takes, sends and gives. `seen`: the names that its answers leave behind."""

    name: Text
    model: OperationModel
    inputs: Mapping[str, Kind]
    optional: frozenset[str]
    exchanges: tuple[ExchangePlan, ...]
    hook: Hook | None
    out: Mapping[str, Expression]
    names: Mapping[str, Kind]
    seen: Mapping[str, Kind]

    def callee(self) -> Callee:
        """What a caller has to know of it."""
        outs = {name: expression.kind for name, expression in self.out.items()}
        return Callee(str(self.name), self.inputs, self.optional, outs)


def draft_operation(name: Text, model: OperationModel, around: Surroundings, resolve_hook: ResolveHook) -> Draft:
    """The first pass."""
    problems = around.problems
    inputs = {str(key): _KINDS.get(kind.removesuffix("?"), Kind.ANY) for key, kind in model.inputs.items()}
    optional = _optional(model, around)
    names = {**around.names, **prefixed("args", inputs)}
    linked, seen = link_exchanges(model.exchanges, names, around)
    if not model.exchanges and not model.is_understood():
        seen |= {**HTTP_ANSWER, **FRAME}  # of an exchange that could not be read, which is told already
    exchanges = mark_money_exchange(name, model, linked, problems)
    hook = _resolve(model, around, resolve_hook)
    _refuse_names_of_steps(model, around)
    if model.python is not None:
        out = _declared_out(model, around)
    else:
        out = {save.name: save.value for save in link_saves(model.out, seen, problems)}
        if not model.exchanges and model.is_understood():
            problems.add(name.place, f"{name} does nothing", "give it `http`, `exchanges` or `python`")
    return Draft(name, model, inputs, optional, exchanges, hook, out, names, seen)


def _refuse_names_of_steps(model: OperationModel, around: Surroundings) -> None:
    """A later step that reads `login.code` gets the code of a refusal, whatever the operation calls by that name."""
    for name in model.out:
        if name in NAMES_OF_STEPS:
            message = f"an output can't be called '{name}': every step has a `{name}` of its own"
            around.problems.add(name.place, message, "give it another name")


def _optional(model: OperationModel, around: Surroundings) -> frozenset[str]:
    optional = {key: kind for key, kind in model.inputs.items() if kind.endswith("?")}
    for key, kind in optional.items():
        if kind not in ("string?", "any?"):
            message = f"the input '{key}' of type {kind.removesuffix('?')} can't be left out"
            around.problems.add(
                kind.place, message, "only string? and any? can: an input that is left out is the text ''"
            )
    return frozenset(str(key) for key in optional)


def _resolve(model: OperationModel, around: Surroundings, resolve_hook: ResolveHook) -> Hook | None:
    if model.python is None:
        return None
    try:
        return resolve_hook(str(model.python))
    except ValueError as error:
        around.problems.add(model.at("python"), str(error), "the operator allows a module in the cells file")
        return None


def _declared_out(model: OperationModel, around: Surroundings) -> dict[str, Expression]:
    """The outputs of a Python operation are declared by their types."""
    declared = {}
    for name, save in model.out.items():
        kind = _KINDS.get(save.value)
        if kind is None:
            message = f"'{save.value}' is no type; the outputs of a Python operation are declared by theirs"
            around.problems.add(save.value.place, message, did_you_mean(save.value, list(_KINDS)))
        declared[str(name)] = Expression(str(save.value), save.value.inner, kind or Kind.ANY, frozenset(), None)
    return declared


def link_operation(draft: Draft, drafts: Mapping[str, Draft], around: Surroundings) -> OperationPlan:
    """The second pass."""
    model, problems = draft.model, around.problems
    known = {name: other.callee() for name, other in drafts.items()}
    poll = _link_poll(draft, known, around)
    polled = known.get(poll.operation) if poll else None
    outs = merged(draft.callee().outs, polled.outs if polled else {})
    seen = {**draft.seen, **((polled and drafts[polled.name].seen) or {}), **draft.names, **prefixed("out", outs)}
    moves = _link_moves(draft, outs, known, around)
    return OperationPlan(
        name=str(draft.name),
        place=draft.name.place,
        inputs=draft.inputs,
        exchanges=draft.exchanges,
        out=draft.out,
        poll=poll,
        moves=moves,
        declined=link_refusals(model.declined, seen, problems),
        blame=_link_blame(model, outs, draft, around),
        sli=_link_sli(draft, around),
        evidence=link_evidence(model.evidence, model.source.get_mapped("evidence"), seen, around.problems),
        hook=draft.hook,
        secret_out=frozenset(str(name) for name, save in model.out.items() if save.secret),
        optional=draft.optional,
    )


def _link_poll(draft: Draft, known: Mapping[str, Callee], around: Surroundings) -> CallPlan | None:
    poll = draft.model.poll
    if poll is None:
        return None
    callee = known.get(poll.call)
    if callee is None:
        around.problems.unknown(poll.call, "operation", known)
        return None
    return CallPlan(callee.name, _poll_arguments(poll, draft, callee, around), duration_s(poll.every, POLL_EVERY_S))


def _poll_arguments(poll: PollModel, draft: Draft, callee: Callee, around: Surroundings) -> dict:  # type: ignore[type-arg]
    outs = prefixed("out", draft.callee().outs)
    names = {**draft.names, **outs}
    if not poll.has("with"):
        sources = [*outs, *prefixed("args", draft.inputs), "key"]
        return by_name(
            callee.inputs, callee.optional, sources, names, around.problems, callee=callee.name, at=poll.call.place
        )
    return link_arguments(
        poll.with_, poll.source.get_mapped("with"), callee.inputs, callee.optional, names, around.problems,
        callee=callee.name, at=poll.call.place,
    )  # fmt: skip


def _link_moves(
    draft: Draft, outs: Mapping[str, Kind], known: Mapping[str, Callee], around: Surroundings
) -> MovesPlan | None:
    if draft.model.moves is None:
        return None
    return link_moves(draft.model.moves, draft.exchanges, draft.names, draft.inputs, outs, known, around.problems)


def _link_blame(
    model: OperationModel, outs: Mapping[str, Kind], draft: Draft, around: Surroundings
) -> tuple[BlameRule, ...]:
    """The operation's own rules, then the mapping's. Names of an answer that did not come make a rule not apply."""
    names = {**draft.names, **BLAME, **prefixed("out", outs)}
    shared = {**around.names, **BLAME}
    own = [_blame_rule(rule, names, around) for rule in model.blame]
    return (*own, *(_blame_rule(rule, shared, around) for rule in around.defaults.blame))


def _blame_rule(rule: BlameModel, names: Mapping[str, Kind], around: Surroundings) -> BlameRule:
    when = around.problems.expression(rule.when, names, Kind.BOOL)
    blame = Blame.UNKNOWN if rule.is_.stands_in else Blame(str(rule.is_))
    return BlameRule(when, blame, str(rule.because or ""))


def _link_sli(draft: Draft, around: Surroundings) -> SliPlan | None:
    sli = draft.model.sli
    if sli is None:
        return None
    for label in sli.by:
        if label not in draft.inputs:
            around.problems.unknown(label, "input", draft.inputs)
    return SliPlan(str(sli.name), tuple(str(label) for label in sli.by))
