"""What regulators and PSPs allow: whether a scenario may be played on a cell, and which players may pay there. Pure, fail-closed.

A refusal is a value: the rule that refuses, and one sentence for whoever asks where the runs are. In production whatever no policy
covers is refused (58 Pa. Code 810a.12 disables withdrawals of test accounts without approval; Stripe's agreement bars testing in
live mode with real details).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from synthetic.config.allow import is_allowed
from synthetic.core.expressions import Expression
from synthetic.core.plan import CellPlan, PlayerPlan, ScenarioPlan, StepPlan
from synthetic.core.plan_serving import ANY, PRODUCTION, PolicyPlan
from synthetic.runner.specs import pool_name
from synthetic.runner.timetable import Missed

INSTRUMENT_KIND = "instrument_kind"
SANDBOX = "sandbox"
"""The attribute of a player whose instrument is a sandbox's, and its value."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is not played: the rule's name, a sentence, and as what the missed slot is counted."""

    rule: str
    sentence: str
    reason: Missed = Missed.POLICY

    def __str__(self) -> str:
        return f"{self.rule}: {self.sentence}"


def refusals(
    policies: Sequence[PolicyPlan], scenario: ScenarioPlan, cell: CellPlan, row: Mapping[str, str], *, now_ns: int
) -> list[Refusal]:
    """Everything that forbids this scenario with this row on this cell at this time; nothing where it may be played."""
    found = [*_addresses(cell), *_market(policies, cell)]
    for step in scenario.steps:
        for psp in psps_of(step, cell, row):
            policy = policy_for(policies, cell, psp)
            found += _step(policy, scenario, step, cell, psp, now_ns)
    if not found and not fit_players(policies, scenario, cell, row):
        sentence = f"no player of the pool of {scenario.name} on cell {cell.name} has `{INSTRUMENT_KIND}: {SANDBOX}`"
        found.append(Refusal("sandbox-instrument", sentence, Missed.NO_PLAYER))
    return list(dict.fromkeys(found))


def policy_for(policies: Sequence[PolicyPlan], cell: CellPlan, psp: str) -> PolicyPlan | None:
    """The first policy that fits the cell's market and brand and the PSP."""
    return next((one for one in policies if _fits_cell(one, cell) and one.psp in (ANY, psp)), None)


def may_withdraw(policies: Sequence[PolicyPlan], cell: CellPlan, *, now_ns: int) -> bool:
    """Whether a surplus may be withdrawn on this cell outside of a scenario: every PSP of it has to allow it for good."""
    return all(_approved(policy_for(policies, cell, psp), cell, now_ns) for psp in cell.psps or (ANY,))


def _approved(policy: PolicyPlan | None, cell: CellPlan, now_ns: int) -> bool:
    if policy is None:
        return cell.environment != PRODUCTION
    in_time = not policy.until_ns or now_ns < policy.until_ns
    return policy.withdraw == "approved" and bool(policy.approval) and in_time


def fit_players(
    policies: Sequence[PolicyPlan], scenario: ScenarioPlan, cell: CellPlan, row: Mapping[str, str]
) -> tuple[PlayerPlan, ...]:
    """The players of the scenario's pool that may play it: where only a sandbox may be paid with, those that have one."""
    pool = pool_name(scenario, cell)
    players = tuple(player for player in cell.players if player.pool == pool)
    if not any(
        policy is not None and policy.instrument == "sandbox-in-prod" and _pays_in(step)
        for step in scenario.steps
        for policy in (policy_for(policies, cell, psp) for psp in psps_of(step, cell, row))
    ):
        return players
    return tuple(player for player in players if player.attributes.get(INSTRUMENT_KIND) == SANDBOX)


def psps_of(step: StepPlan, cell: CellPlan, row: Mapping[str, str]) -> tuple[str, ...]:
    """The PSPs that a step may move money with; all of the cell's where only the run can tell, none where it moves none."""
    if not (_pays_in(step) or _pays_out(step)):
        return ()
    template = step.arguments.get("psp")
    if template is None:
        return cell.psps or (ANY,)
    if template.literal is not None:
        return (template.literal,)
    only = template.parts[0]
    if len(template.parts) == 1 and isinstance(only, Expression) and only.text.removeprefix("matrix.") in row:
        return (row[only.text.removeprefix("matrix.")],)
    return cell.psps or (ANY,)


def takes_back(scenario: ScenarioPlan, step: StepPlan) -> bool:
    """Whether the scenario cancels what a step asks for: a later step calls its undo with what it answered, and has to succeed."""
    moves, asked = step.operation.moves, f"{step.repeat or step.id}."
    if moves is None or moves.undo is None:
        return False
    behind = scenario.steps[scenario.steps.index(step) + 1 :]
    return any(
        later.operation.name == moves.undo.operation
        and not later.refused
        and any(
            isinstance(part, Expression) and any(name.startswith(asked) for name in part.names)
            for template in later.arguments.values()
            for part in template.parts
        )
        for later in behind
    )


def _addresses(cell: CellPlan) -> Iterator[Refusal]:
    for name, url in cell.endpoints.items():
        if not is_allowed(url, cell.allow):
            yield Refusal("allow-list", f"the endpoint '{name}' of cell {cell.name} is not on the allow-list")


def _market(policies: Sequence[PolicyPlan], cell: CellPlan) -> Iterator[Refusal]:
    if cell.environment == PRODUCTION and not any(_fits_cell(policy, cell) for policy in policies):
        sentence = f"cell {cell.name} is in production, and no policy covers {cell.brand} in {cell.market}"
        yield Refusal("known-market", sentence)


def _step(
    policy: PolicyPlan | None, scenario: ScenarioPlan, step: StepPlan, cell: CellPlan, psp: str, now_ns: int
) -> Iterator[Refusal]:
    where = f"{cell.market}, {cell.brand}, {psp}"
    if policy is None:
        if cell.environment == PRODUCTION:
            yield Refusal("known-psp", f"no policy covers {where}, and the step '{step.id}' moves money there")
        return
    if _pays_out(step):
        if policy.withdraw == "off":
            yield Refusal("withdraw-off", f"withdrawals are off for {where}, and the step '{step.id}' asks for one")
        elif policy.withdraw == "request-then-cancel" and not step.refused and not takes_back(scenario, step):
            sentence = f"withdrawals have to be cancelled for {where}, and {scenario.name} does not cancel '{step.id}'"
            yield Refusal("withdraw-cancelled", sentence)
    elif policy.instrument == "none":
        yield Refusal("no-instrument", f"nothing may be paid in for {where}, and the step '{step.id}' does")
    needs_approval = policy.withdraw == "approved" if _pays_out(step) else policy.instrument == "real"
    if needs_approval and not policy.approval:
        yield Refusal("approval", f"there is no recorded approval for {where}, which the step '{step.id}' needs")
    elif needs_approval and policy.until_ns and now_ns >= policy.until_ns:
        sentence = f"the approval {policy.approval} for {where} has run out, and the step '{step.id}' needs it"
        yield Refusal("approval", sentence)


def _fits_cell(policy: PolicyPlan, cell: CellPlan) -> bool:
    return policy.market in (ANY, cell.market) and policy.brand in (ANY, cell.brand)


def _pays_in(step: StepPlan) -> bool:
    moves = step.operation.moves
    return moves is not None and (moves.source, moves.target) == ("psp", "wallet")


def _pays_out(step: StepPlan) -> bool:
    moves = step.operation.moves
    return moves is not None and (moves.source, moves.target) == ("wallet", "psp")
