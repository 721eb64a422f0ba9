"""One operation of a platform mapping, played by the real engine: what the harness sends, and what it makes of the answers.

The harness is a consumer as any other. What it reads of an answer stands in its mapping only, so nothing but the engine that
plays the mapping can say it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from synthetic.core.effects import Effect, Result, WsOpen
from synthetic.core.errors import Place
from synthetic.core.events import Event
from synthetic.core.history import Fact
from synthetic.core.machine.state import Machine, RunState
from synthetic.core.machine.steps import play_step
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome
from synthetic.core.plan import CellPlan, OperationPlan, PlatformPlan, RunSpec, ScenarioPlan, StepPlan
from synthetic.core.plan_exchanges import OpenPlan, ReceivePlan, SendPlan
from synthetic.core.templates import compile_template
from synthetic.drivers.course import Scenario

STEP = "it"
RUN = "pact-run"
KEY = f"{RUN}-{STEP}"
"""The idempotency key of what is played here."""

_PLACE = Place("contract", 1, 1)
_WALL_NS = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z: what is played here is the same every time
_WITHIN_S = 5.0
_NO_LIMIT_MINOR = 1_000_000_000

Run = Callable[[Scenario["Played"]], "Played"]
"""Lets a driver play it."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the operation came to: its outcome and the code of a refusal, its outputs, and the facts that it tells the judge."""

    outcome: StepOutcome
    code: str
    reason: str
    out: Mapping[str, Any]
    facts: tuple[Fact, ...]
    session: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Occasion:
    """Where an operation is called: on this cell, by this player, with what earlier operations have kept (`session`)."""

    platform: PlatformPlan
    cell: CellPlan
    player: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    session: Mapping[str, Any] = field(default_factory=dict)


def course(occasion: Occasion, name: str, args: Mapping[str, Any], *, refused: str = "") -> Machine[Played]:
    """Play one call of the operation; `refused` is the code with which it has to be refused.

    The connections that it uses and does not open itself are opened first.
    """
    operation = occasion.platform.operations[name]
    step = StepPlan(STEP, _PLACE, operation, _arguments(args), within_s=_WITHIN_S, refused=refused)
    state = RunState(_spec(occasion, step))
    state.session.update(occasion.session)
    for connection in _used(operation):
        yield WsOpen(connection, "ws://127.0.0.1/", timeout_s=_WITHIN_S)
        state.inboxes[connection] = []
    end = yield from play_step(state, step)
    out = {name: state.steps[f"{STEP}.{name}"] for name in operation.out if f"{STEP}.{name}" in state.steps}
    # A statement that can't be read fails its step, although the answer was a success.
    outcome = end.outcome if end.verdict.held or end.outcome is not StepOutcome.DONE else StepOutcome.UNKNOWN
    return Played(outcome, end.code, end.verdict.reason, out, tuple(state.facts), dict(state.session))


def answered(machine: Scenario[Played], answer: Callable[[Effect], Result | None]) -> Scenario[Played]:
    """The same, with the effects that `answer` has a result for kept from the driver."""
    step: Effect | Event
    try:
        step = machine.send(None)
        while True:
            given = None if isinstance(step, Event) else answer(step)
            if given is None:
                given = yield step
            step = machine.send(given)
    except StopIteration as stop:
        played: Played = stop.value
        return played


def _arguments(args: Mapping[str, Any]) -> dict[str, Any]:
    """Literal arguments: texts (amounts among them) as they are, everything else as it is written in expressions."""
    written = {
        name: value if isinstance(value, str) else f"${{{{ {json.dumps(value)} }}}}" for name, value in args.items()
    }
    return {name: compile_template(text, {}, _PLACE) for name, text in written.items()}


def _spec(occasion: Occasion, step: StepPlan) -> RunSpec:
    moves = step.operation.moves
    limits = {moves.kind: Money(_NO_LIMIT_MINOR, occasion.cell.currency)} if moves is not None else {}
    plan = ScenarioPlan("contract", "contract", _PLACE, (), {}, (step,), occasion.platform, limits=limits)
    return RunSpec(
        plan=plan,
        cell=occasion.cell,
        row={},
        player=occasion.player,
        secret_attributes=frozenset(),
        secrets=occasion.secrets,
        run_id=RUN,
        seed=0,
        mono_ns=0,
        wall_ns=_WALL_NS,
        scheduled_ns=0,
    )


def _used(operation: OperationPlan) -> list[str]:
    opened = {plan.connection for plan in operation.exchanges if isinstance(plan, OpenPlan)}
    used = [plan.connection for plan in operation.exchanges if isinstance(plan, SendPlan | ReceivePlan)]
    return [name for name in dict.fromkeys(used) if name not in opened]
