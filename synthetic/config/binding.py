"""A scenario against a cell: the rows of its matrix, and what can only be checked where both are known."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod

from synthetic.config.limits import moved_amount
from synthetic.config.needs import Need, needs_of
from synthetic.core.errors import AuthorError, Mistake
from synthetic.core.expressions import Expression, ExpressionError, did_you_mean
from synthetic.core.plan import CellPlan, ScenarioPlan

MATRIX_ROWS_MAX = 1000


def bind(plan: ScenarioPlan, cell: CellPlan) -> list[Mistake]:
    """Everything that is wrong with playing this scenario on this cell."""
    found = (
        _platform(plan, cell),
        _pool(plan, cell),
        _currency(plan, cell),
        _limits(plan, cell),
        _unlimited(plan, cell),
        _rows(plan, cell),
        _names(plan, cell),
    )
    return sorted({mistake for mistakes in found for mistake in mistakes})


def matrix_rows(plan: ScenarioPlan, cell: CellPlan) -> list[dict[str, str]]:
    """One row for each combination; one empty row without a matrix. Raises AuthorError where there is no row."""
    columns = [_values(plan, name, values, cell) for name, values in plan.matrix.items()]
    count = prod(len(column) for column in columns)
    if count > MATRIX_ROWS_MAX:
        message = f"the matrix of {plan.name} has {count} rows on cell {cell.name}, over {MATRIX_ROWS_MAX}"
        raise AuthorError.at(plan.place, message)
    return [dict(zip(plan.matrix, combination, strict=True)) for combination in product(*columns)]


def _values(plan: ScenarioPlan, name: str, values: tuple[str, ...] | Expression, cell: CellPlan) -> tuple[str, ...]:
    if not isinstance(values, Expression):
        return values
    try:
        found = values.value(_cell_scope(cell), cell.currency)
    except ExpressionError as error:
        raise AuthorError.at(values.place, f"the matrix of {plan.name} on cell {cell.name}: {error}") from None
    if not isinstance(found, list) or not all(isinstance(value, str) for value in found):
        raise AuthorError.at(values.place, f"`{values.text}` is no list of texts on cell {cell.name}")
    if not found:
        message = f"`{values.text}` is empty on cell {cell.name}, so {plan.name} would play nothing"
        raise AuthorError.at(values.place, message, f"give the cell its {name} in the cells file")
    return tuple(found)


def _cell_scope(cell: CellPlan) -> dict[str, object]:
    names = ("name", "track", "environment", "brand", "market", "version", "currency", "games", "endpoints")
    return {f"cell.{name}": getattr(cell, name) for name in names} | {
        "cell.psps": list(cell.psps),
        "cell.providers": list(cell.providers),
    }


def _platform(plan: ScenarioPlan, cell: CellPlan) -> Iterator[Mistake]:
    if plan.platform.name != cell.platform:
        yield Mistake(
            cell.place,
            f"cell {cell.name} is of platform {cell.platform}, but {plan.name} is linked to {plan.platform.name}",
        )


def _pool(plan: ScenarioPlan, cell: CellPlan) -> Iterator[Mistake]:
    if plan.pool is None:
        return
    try:
        pool = _pool_name(plan, cell)
    except ExpressionError as error:
        yield Mistake(plan.pool.place, f"the pool of {plan.name} on cell {cell.name}: {error}")
        return
    pools = {player.pool for player in cell.players}
    if pool not in pools:
        message = f"cell {cell.name} has no player in the pool '{pool}'"
        yield Mistake(plan.pool.place, message, did_you_mean(pool, sorted(pools)) or "it has no players at all")


def _pool_name(plan: ScenarioPlan, cell: CellPlan) -> str:
    assert plan.pool is not None, "config demands a lease of every scenario"
    return plan.pool.text(_cell_scope(cell), cell.currency).removeprefix("pool:")


def _names(plan: ScenarioPlan, cell: CellPlan) -> Iterator[Mistake]:
    """What the mapping takes from this cell by name, and the cell lacks."""
    for need in needs_of(plan):
        if need.noun == "attribute":
            yield from _attributes(plan, cell, need)
            continue
        known = cell.endpoints if need.noun == "endpoint" else cell.secrets
        if need.name not in known:
            message = f"cell {cell.name} has no {need.noun} '{need.name}', which {plan.name} needs"
            yield Mistake(need.place, message, did_you_mean(need.name, list(known)))


def _attributes(plan: ScenarioPlan, cell: CellPlan, need: Need) -> Iterator[Mistake]:
    try:
        pool = _pool_name(plan, cell)
    except ExpressionError:
        return  # told by `_pool`
    for player in cell.players:
        known = {"id", "pool", *player.attributes, *player.secrets}
        if player.pool == pool and need.name not in known:
            message = f"the player {player.id} of cell {cell.name} has no '{need.name}', which {plan.name} needs"
            yield Mistake(need.place, message, did_you_mean(need.name, sorted(known)))
            return


def _currency(plan: ScenarioPlan, cell: CellPlan) -> Iterator[Mistake]:
    for step in plan.steps:
        stated = moved_amount(step)
        if stated is not None and stated[0].currency != cell.currency:
            yield Mistake(stated[1], f"{stated[0]} is not in {cell.currency}, the currency of cell {cell.name}")


def _limits(plan: ScenarioPlan, cell: CellPlan) -> Iterator[Mistake]:
    for kind, limit in plan.limits.items():
        most = cell.limits.get(kind)
        if limit.currency != cell.currency:
            message = f"the {kind} limit {limit} is not in {cell.currency}, the currency of cell {cell.name}"
            yield Mistake(plan.place, message)
        elif most is not None and most < limit:
            message = f"the {kind} limit {limit} of {plan.name} is over the {most} that cell {cell.name} allows"
            yield Mistake(plan.place, message, "the operator's limit in the cells file is the upper bound")


def _unlimited(plan: ScenarioPlan, cell: CellPlan) -> Iterator[Mistake]:
    """Kinds of money that the operator has not allowed: what has no limit must not move."""
    for kind in {step.operation.moves.kind for step in plan.steps if step.operation.moves is not None}:
        if kind not in cell.limits:
            message = f"cell {cell.name} has no {kind} limit, but {plan.name} moves money of that kind"
            yield Mistake(cell.place, message, f"add `{kind}: ...` to the cell's limits, if it may")


def _rows(plan: ScenarioPlan, cell: CellPlan) -> Iterator[Mistake]:
    try:
        matrix_rows(plan, cell)
    except AuthorError as error:
        yield from error.mistakes
