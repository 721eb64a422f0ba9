"""Limits, proved at load against every amount that is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from synthetic.config.arguments import literal_amount
from synthetic.config.located import Text
from synthetic.config.models import ScenarioModel
from synthetic.config.problems import Problems, nearest
from synthetic.core.errors import Place
from synthetic.core.money import Money
from synthetic.core.plan import PlatformPlan, StepPlan

PER_DAY = "per_day"


def money_limits(limits: Mapping[Text, Text]) -> dict[str, Money]:
    """Limits as written, as amounts."""
    return {str(kind): Money.parse(amount) for kind, amount in limits.items() if not amount.stands_in}


def moved_amount(step: StepPlan) -> tuple[Money, Place] | None:
    """The amount that a step states outright and moves, with its place; None where it moves none or it is computed."""
    moves = step.operation.moves
    if moves is None or step.repeat:
        return None
    template = step.arguments.get(moves.amount.text.removeprefix("args."))
    amount = literal_amount(template)
    return None if amount is None or template is None else (amount, template.place)


def check_limits(model: ScenarioModel, steps: Sequence[StepPlan], platform: PlatformPlan, problems: Problems) -> None:
    """Every money step has a limit of its kind and stays within it; one run's deposits stay within `per_day`."""
    limits = money_limits(model.limits)
    _check_kinds(model, platform, problems)
    _check_currencies(model, limits, problems)
    for step in steps:
        _check_step(model, step, limits, problems)
    _check_day(model, steps, limits, problems)


def _check_kinds(model: ScenarioModel, platform: PlatformPlan, problems: Problems) -> None:
    kinds = {operation.moves.kind for operation in platform.operations.values() if operation.moves} | {PER_DAY}
    for kind in model.limits:
        if kind not in kinds:
            problems.add(kind.place, f"unknown kind of movement '{kind}'", _known_kinds(kind, kinds))


def _known_kinds(kind: str, kinds: Set[str]) -> str:
    """Of whoever misspelt it here, or in the mapping: nobody can tell, so the file of each is named."""
    near = nearest(kind, sorted(kinds))
    shown = f"'{near}', and not '{kind}'" if near else ", ".join(sorted(kinds))
    return f"the `moves` of the mapping say {shown}"


def _check_currencies(model: ScenarioModel, limits: Mapping[str, Money], problems: Problems) -> None:
    first = next(iter(limits.values()), None)
    for kind, amount in model.limits.items():
        limit = limits.get(kind)
        if limit is None or first is None:
            continue
        if limit.currency != first.currency:
            problems.add(amount.place, f"{limit} is not in {first.currency}, as the other limits are")
        elif limit.minor <= 0:
            problems.add(amount.place, f"a limit has to be above zero, found {limit}")


def _check_step(model: ScenarioModel, step: StepPlan, limits: Mapping[str, Money], problems: Problems) -> None:
    moves = step.operation.moves
    if moves is None:
        return
    if moves.kind not in map(str, model.source.get_mapped("limits")):
        message = f"the step '{step.id}' moves money of the kind {moves.kind}, for which `limits` has nothing"
        problems.add(step.place, message, f"add `{moves.kind}: ...` to limits")
    stated, limit = moved_amount(step), limits.get(moves.kind)
    if stated is None:
        return
    amount, place = stated
    if amount.minor <= 0:
        problems.add(place, f"a step has to move an amount above zero, found {amount}")
    elif limit is not None and amount.currency != limit.currency:
        problems.add(place, f"{amount} is not in {limit.currency}, as the {moves.kind} limit is")
    elif limit is not None and limit < amount:
        problems.add(
            place, f"{amount} is over the {moves.kind} limit of {limit}", "lower the amount or raise the limit"
        )


def _check_day(
    model: ScenarioModel, steps: Sequence[StepPlan], limits: Mapping[str, Money], problems: Problems
) -> None:
    per_day = limits.get(PER_DAY)
    moving = [(step, step.operation.moves) for step in steps if step.operation.moves is not None]
    deposits = [step for step, moves in moving if (moves.source, moves.target) == ("psp", "wallet")]
    amounts = [stated[0] for step in deposits if (stated := moved_amount(step)) is not None]
    if per_day is None or not amounts or any(amount.currency != per_day.currency for amount in amounts):
        return
    total = sum(amounts[1:], amounts[0])
    if per_day < total:
        place = next(amount.place for kind, amount in model.limits.items() if kind == PER_DAY)
        problems.add(place, f"the deposits of one run add up to {total}, above the {per_day} of a whole day")
