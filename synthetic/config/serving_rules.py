"""Links the rules of a serve file: budgets, policies, maintenance windows, the kill switch, and bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

from synthetic.config import instants
from synthetic.config.durations import shown
from synthetic.config.exchanges import duration_s
from synthetic.config.limits import moved_amount
from synthetic.config.located import Text
from synthetic.config.models.serving import (
    BudgetModel,
    DensityModel,
    KillModel,
    LimitsModel,
    MaintenanceModel,
    PolicyModel,
    ServingModel,
)
from synthetic.config.problems import Problems
from synthetic.config.secret_refs import REFERENCE_HINT, is_well_formed
from synthetic.core.money import Money, MoneyError, exponent
from synthetic.core.plan import ScenarioPlan
from synthetic.core.plan_serving import (
    ANY,
    PRODUCTION,
    BudgetPlan,
    DensityPlan,
    Instrument,
    KillPlan,
    LimitsPlan,
    MaintenancePlan,
    PolicyPlan,
    ProbePlan,
    WeeklyPlan,
    Withdraw,
)

CAPS = ("run", "account_day", "day", "outstanding")
SECOND_NS = 1_000_000_000
SERIES_OF_A_RUN = 90  # counters, gauges and one histogram for each scenario, cell and PSP
SERIES_OF_A_STEP = 30
_WEEK_S = 7 * 24 * 3600.0


def link_budgets(model: ServingModel, problems: Problems) -> tuple[BudgetPlan, ...]:
    """The caps of each currency."""
    return tuple(_link_budget(currency, budget, problems) for currency, budget in model.budgets.items())


def _link_budget(currency: Text, model: BudgetModel, problems: Problems) -> BudgetPlan:
    try:
        exponent(currency)
    except MoneyError as error:
        problems.add(currency.place, str(error))
    caps: dict[str, Money] = {}
    for name in CAPS:
        text: Text | None = getattr(model, name)
        if text is None:
            continue
        cap = Money.parse(text)
        if cap.currency != currency:
            problems.add(text.place, f"{text} is not in {currency}, the currency of this budget")
        elif cap.minor <= 0:
            problems.add(text.place, f"a cap has to be above zero, found {text}")
        else:
            caps[name] = cap
    _check_order(model, caps, problems)
    return BudgetPlan(str(currency), **caps)


def _check_order(model: BudgetModel, caps: dict[str, Money], problems: Problems) -> None:
    """A wider cap that is below a narrower one makes the narrower one a lie."""
    for narrow, wide in (("run", "account_day"), ("account_day", "day"), ("run", "day"), ("run", "outstanding")):
        low, high = caps.get(narrow), caps.get(wide)
        if low is not None and high is not None and high < low:
            problems.add(model.at(wide), f"the cap `{wide}` ({high}) is below the cap `{narrow}` ({low})")


def check_budgets(
    model: ServingModel, budgets: Iterable[BudgetPlan], probes: Iterable[ProbePlan], problems: Problems
) -> None:
    """No production cell is played without all caps, and no cap is below what a scenario brings in for certain."""
    known = {budget.currency: budget for budget in budgets}
    told: set[str] = set()
    for probe in probes:
        for scenario, cell in probe.sides:
            if not any(step.operation.moves for step in scenario.steps):
                continue
            lacking = [name for name in CAPS if getattr(known.get(cell.currency), name, None) is None]
            if cell.environment == PRODUCTION and lacking and cell.currency not in told:
                told.add(cell.currency)
                message = f"cell {cell.name} is in production, but {cell.currency} has no cap for {', '.join(lacking)}"
                hint = f"add `{cell.currency}: {{{lacking[0]}: ... {cell.currency}}}` to `budgets`"
                problems.add(model.at("budgets"), message, hint)
            if cell.currency in known:
                _check_enough(scenario, known[cell.currency], model, problems)


def _check_enough(scenario: ScenarioPlan, budget: BudgetPlan, model: ServingModel, problems: Problems) -> None:
    needed = brought_in(scenario, budget.currency)
    for name in CAPS:
        cap: Money | None = getattr(budget, name)
        if cap is not None and cap < needed:
            place = model.source.get_mapped("budgets").get_mapped(budget.currency).at(name)
            message = f"the cap `{name}` ({cap}) is below the {needed} that one run of {scenario.name} brings in"
            if all(mistake.message != message for mistake in problems.mistakes):
                problems.add(place, message)


def brought_in(scenario: ScenarioPlan, currency: str) -> Money:
    """What one run brings into wallets for certain: the amounts that its steps state outright."""
    total = Money(0, currency)
    for step in scenario.steps:
        stated = moved_amount(step)
        moves = step.operation.moves
        if stated is not None and moves is not None and moves.target == "wallet" and not step.refused:
            total = total + stated[0] if stated[0].currency == currency else total
    return total


def link_policies(model: ServingModel, problems: Problems) -> tuple[PolicyPlan, ...]:
    """The policies in their order."""
    policies: list[PolicyPlan] = []
    for policy in model.policies:
        plan = _link_policy(policy, problems)
        hidden_by = next((one for one in policies if _covers(one, plan)), None)
        if hidden_by is not None:
            message = "no run ever gets as far as this policy"
            problems.add(plan.place, message, f"the one at line {hidden_by.place.line} fits first; put it behind this")
        policies.append(plan)
    return tuple(policies)


def _covers(first: PolicyPlan, second: PolicyPlan) -> bool:
    pairs = ((first.market, second.market), (first.brand, second.brand), (first.psp, second.psp))
    return all(wide in (ANY, narrow) for wide, narrow in pairs)


def _link_policy(model: PolicyModel, problems: Problems) -> PolicyPlan:
    approval = model.approval
    for key, value in (("withdraw", "approved"), ("instrument", "real")):
        if getattr(model, key) == value and approval is None:
            hint = "add `approval: REFERENCE`, where it is filed"
            problems.add(model.at(key), f"`{key}: {value}` needs the approval that allows it", hint)
    until = approval.until if approval is not None else None
    return PolicyPlan(
        place=model.source.place,
        market=str(model.market),
        brand=str(model.brand or ANY),
        psp=str(model.psp or ANY),
        withdraw=cast("Withdraw", str(model.withdraw)),
        instrument=cast("Instrument", str(model.instrument)),
        approval=str(approval.reference) if approval is not None else "",
        until_ns=instants.day_end_ns(until) if until is not None else 0,
    )


def link_maintenance(model: ServingModel, problems: Problems) -> tuple[MaintenancePlan, ...]:
    """The maintenance windows."""
    return tuple(_link_window(window, problems) for window in model.maintenance)


def _link_window(model: MaintenanceModel, problems: Problems) -> MaintenancePlan:
    once = (model.from_ is not None, model.to is not None)
    weekly = (model.weekly is not None, model.for_ is not None)
    if (all(once), all(weekly), any(once), any(weekly)) not in ((True, False, True, False), (False, True, False, True)):
        written = ("from", "to", "weekly", "for")
        if all(not model.has(key) or getattr(model, key, getattr(model, f"{key}_", None)) for key in written):
            problems.add(model.source.place, "a maintenance window has either `from` and `to`, or `weekly` and `for`")
    from_ns = instants.instant_ns(model.from_) if model.from_ is not None else 0
    to_ns = instants.instant_ns(model.to) if model.to is not None else 0
    if all(once) and to_ns <= from_ns:
        problems.add(model.at("to"), f"the window ends ({model.to}) before it begins ({model.from_})")
    weekdays, minute = instants.weekly(model.weekly) if model.weekly is not None else (frozenset[int](), 0)
    return MaintenancePlan(
        place=model.source.place,
        reason=str(model.reason),
        cells=frozenset(map(str, model.cells)),
        from_ns=from_ns,
        to_ns=to_ns,
        weekdays=weekdays,
        minute=minute,
        for_s=duration_s(model.for_, 0.0),
    )


def link_weekly(model: Text | None) -> WeeklyPlan:
    """An instant of the week."""
    return WeeklyPlan(*instants.weekly(model)) if model is not None else WeeklyPlan()


def link_kill(model: KillModel | None, folder: Path, problems: Problems) -> KillPlan:
    """The kill switch; its file is beside the serve file, its token a reference."""
    if model is None:
        return KillPlan()
    if model.token is not None and not is_well_formed(model.token):
        message = "the token of the kill switch has to be a reference, never the secret itself"
        problems.add(model.token.place, message, REFERENCE_HINT)
    file = str(folder / model.file) if model.file is not None else ""
    return KillPlan(file, str(model.token or ""))


def link_density(model: DensityModel | None) -> DensityPlan:
    """How much denser on suspicion."""
    if model is None:
        return DensityPlan()
    return DensityPlan(model.factor, duration_s(model.for_, DensityPlan().for_s))


def link_limits(model: LimitsModel | None, problems: Problems) -> LimitsPlan:
    """Bounds of the runner itself."""
    own = LimitsPlan()
    if model is None:
        return own
    lease_s = duration_s(model.lease, own.lease_s)
    if lease_s < 1.0:
        problems.add(model.at("lease"), f"a lease of {shown(lease_s)} can't be renewed in time; give it 1s or more")
    return LimitsPlan(
        lease_s=lease_s,
        at_once=own.at_once if model.at_once is None else model.at_once,
        clock_skew_s=duration_s(model.clock_skew, own.clock_skew_s),
        proof_for_s=duration_s(model.proof_for, own.proof_for_s),
        series_max=own.series_max if model.series is None else model.series,
    )


def check_series(model: ServingModel, probes: Iterable[ProbePlan], limits: LimitsPlan, problems: Problems) -> None:
    """A config that would make more time series than allowed is refused before it makes one."""
    played = dict(_labelled(probes)).values()
    needed = sum(SERIES_OF_A_RUN + SERIES_OF_A_STEP * len(scenario.steps) for scenario in played)
    if needed > limits.series_max:
        hint = "play fewer scenarios on fewer cells, or raise `limits: {series: ...}`"
        problems.add(model.at("probes"), f"these probes make about {needed} series, over {limits.series_max}", hint)


def _labelled(probes: Iterable[ProbePlan]) -> Iterator[tuple[tuple[str, str, str], ScenarioPlan]]:
    for probe in probes:
        for scenario, cell in probe.sides:
            yield (scenario.name, cell.name, probe.row.get("psp", "")), scenario
