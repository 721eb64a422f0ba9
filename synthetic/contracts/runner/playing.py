"""Playing examples on a running platform: to record what it answers, and to bring it into the state of an example."""

from __future__ import annotations

import secrets
import ssl
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from synthetic.config.connection_secrets import connection_secrets
from synthetic.config.secret_refs import resolve_all
from synthetic.contracts.errors import ContractError
from synthetic.contracts.runner.examples import CALL, Examples, Linked, link
from synthetic.contracts.runner.recording import Recorded, Recording
from synthetic.contracts.runner.taping import Disguise, Tape, origin_of
from synthetic.core.effects import Http
from synthetic.core.events import StepStarted
from synthetic.core.machine.state import Machine, RunState
from synthetic.core.machine.steps import StepEnd, play_step
from synthetic.core.plan import CellPlan, PlatformPlan, PlayerPlan, RunSpec, ScenarioPlan
from synthetic.drivers.blocking_driver import BlockingDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.course import Scenario
from synthetic.drivers.of_cells import check_blocking, proxy_of, tls_of
from synthetic.journal.memory import MemoryJournal


@dataclass
class Stage:
    """A cell on which examples are played, one after the other. Every one has the pool's next player."""

    cell: CellPlan
    examples: Examples
    platform: PlatformPlan
    _played: Counter[str] = field(default_factory=Counter)

    def spec(self, linked: Linked) -> RunSpec:
        """A new run of the example by the next player. Raises ContractError where nobody can play it."""
        pool = self.examples.pool_of(linked.example)
        members = [player for player in self.cell.players if player.pool == pool]
        if not members:
            raise ContractError(f"cell {self.cell.name!r} has no player in the pool {pool!r}")
        player = members[self._played[pool] % len(members)]
        self._played[pool] += 1
        clock = SystemClock()
        return spec_of(
            linked.plan,
            self.cell,
            _attributes(self.cell, player),
            secrets_of_cell=resolve_all(self.cell, self.cell.secrets),
            run_id="r" + secrets.token_hex(8)[1:],
            mono_ns=clock.monotonic_ns(),
            wall_ns=clock.wall_ns(),
        )

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Of all its drivers; each example has one of its own, and a context costs more than an example."""
        check_blocking(self.cell)
        return tls_of(self.cell)

    def run(self, machine: Scenario[Any]) -> Any:
        """Let a driver play it on the cell."""
        driver = BlockingDriver(allow=self.cell.allow, tls=self._tls, proxy=proxy_of(self.cell))
        try:
            return driver.run(machine, sink=lambda _event: None, journal=MemoryJournal())
        finally:
            driver.close()

    def upcoming(self, linked: Linked, number: int) -> tuple[Http, Mapping[str, Any]]:
        """Play everything before the example's n-th request; answers that request, which is not sent, and what is known then.

        Raises ContractError where the run does not get there.
        """
        state = RunState(self.spec(linked))
        request = self.run(_up_to(course(state), number))
        if request is None:
            raise ContractError(f"{linked.example.title}: the run ended before its request")
        return request, known(state)


def spec_of(
    plan: ScenarioPlan,
    cell: CellPlan,
    player: Mapping[str, str],
    *,
    secrets_of_cell: Mapping[str, str],
    run_id: str,
    mono_ns: int,
    wall_ns: int,
) -> RunSpec:
    """A run of an example."""
    return RunSpec(
        plan=plan,
        cell=cell,
        row={},
        player=player,
        secret_attributes=frozenset(),
        secrets=secrets_of_cell,
        run_id=run_id,
        seed=0,
        mono_ns=mono_ns,
        wall_ns=wall_ns,
        scheduled_ns=mono_ns,
        hidden=connection_secrets(cell).texts,
    )


def course(state: RunState) -> Machine[StepEnd]:
    """Play all steps. Raises ContractError where one before the example does not go as it has to."""
    for step in state.spec.plan.steps:
        end = yield from play_step(state, step)
        if step.id != CALL and not end.verdict.held:
            raise ContractError(f"step {step.id!r} ({step.operation.name}) before it: {end.verdict.reason}")
    return end


def known(state: RunState) -> dict[str, Any]:
    """The texts that a request may be made of: the player, what operations have kept, and the outputs of earlier steps."""
    values = {f"player_{name}": value for name, value in state.spec.player.items()}
    values |= {"run_id": state.spec.run_id, **state.session}
    values |= {name.replace(".", "_"): value for name, value in state.steps.items()}
    return {name: value for name, value in values.items() if isinstance(value, str) and value}


def record(stage: Stage, recorded_as: CellPlan) -> Recording:
    """Play every example on the stage. `recorded_as`: the cell whose addresses stand in the recording for the stage's own.

    Raises ContractError where one does not go as it has to.
    """
    examples = {}
    for example in stage.examples.examples:
        linked = link(stage.examples, example, stage.platform)
        examples[example.title] = _record(stage, linked, recorded_as)
    return Recording(stage.platform.name, examples)


def _record(stage: Stage, linked: Linked, recorded_as: CellPlan) -> Recorded:
    spec = stage.spec(linked)
    state = RunState(spec)
    tape = Tape(own_origins(stage.examples, stage.cell), Disguise(stage.examples, stage.platform, state, recorded_as))
    end = stage.run(tape.taken(course(state)))
    if not end.verdict.held:
        raise ContractError(f"{linked.example.title}: {end.verdict.reason}")
    return tape.recorded(spec)


def own_origins(examples: Examples, cell: CellPlan) -> frozenset[str]:
    """Where the platform itself listens."""
    return frozenset(origin_of(cell.endpoints[name]) for name in examples.endpoints)


def _up_to(machine: Machine[StepEnd], number: int) -> Scenario[Http | None]:
    """Play on until the example's n-th HTTP request (from 0) is about to leave; answers it."""
    at_the_call, seen = False, 0
    try:
        step = machine.send(None)
        while True:
            if isinstance(step, StepStarted):
                at_the_call = step.step == CALL
            if isinstance(step, Http) and at_the_call:
                if seen == number:
                    machine.close()
                    return step
                seen += 1
            given = yield step
            step = machine.send(given)
    except StopIteration:
        return None


def _attributes(cell: CellPlan, player: PlayerPlan) -> dict[str, str]:
    return {"id": player.id, "pool": player.pool, **player.attributes, **resolve_all(cell, player.secrets)}
