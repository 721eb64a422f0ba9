"""Releases on the reference platform: real runs on a canary and its baseline, while both controllers ask a gate each.

A batch of pairs is played for every wait of a controller, and dated over that wait: hours are compressed, runs are not.
Two gates, because one cell has one rollout at a time; both see the same runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.config.shipped import shipped_root
from synthetic.config.slo import load_slo
from synthetic.core.checks import CHECKS
from synthetic.core.events import Event
from synthetic.core.plan import CellPlan
from synthetic.gate.decision import Decision
from synthetic.gate.observed import Observation
from synthetic.gate.observing import observe
from synthetic.journal.memory import MemoryJournal
from synthetic.reference.catalogue import Fault
from synthetic.reference.throwing import Switches
from synthetic.rollouts.judge import Asked, Judge
from synthetic.runner.identity import fresh_seed
from synthetic.runner.session import Session
from synthetic.runner.specs import Turn
from synthetic.runner.turns import paired_turns
from synthetic.tests.controllers.argo import ArgoRollout
from synthetic.tests.controllers.flagger import FlaggerCanary
from synthetic.tests.controllers.gated import World, argo, flagger, gated_world

TICK_S = 30.0
PAIRS_A_TICK = 6
AT_ONCE = 3
PLATFORM = shipped_root() / "fixtures" / "platforms" / "reference.yaml"

SCENARIO = """
scenario: in-and-out
matrix: {psp: "${{ cell.psps }}"}
limits: {deposit: 1.00 EUR, withdraw: 4.00 EUR, per_day: 250.00 EUR}
lease: {player: "pool:standard"}
steps:
  - {id: login, call: auth.login}
  - {id: start, call: wallet.balance}
  - {id: before, call: wallet.ledger}
  - {id: report, call: psp.report, with: {psp: "${{ matrix.psp }}"}}
  - id: deposit
    call: cashier.deposit
    with: {amount: 1.00 EUR, psp: "${{ matrix.psp }}"}
    until: out.state == 'succeeded'
    within: 30s
  - id: withdraw
    call: cashier.withdraw
    with: {amount: 1.00 EUR, psp: "${{ matrix.psp }}"}
    until: out.state == 'paid'
    within: 30s
  - {id: end, call: wallet.balance}
  - {id: after, call: wallet.ledger}
  - {id: settlement, call: psp.report, with: {psp: "${{ matrix.psp }}"}}
checks: [one-credit-per-deposit, balance-equals-ledger, psp-report-matches, credit-is-capture-less-fees]
"""

SLO = """
slo: trial
trial: true
objectives:
  - {name: login_success_ratio, sli: login, at_least: 99.9 %}
  - {name: deposit_success_by_psp, sli: deposit, by: psp, at_least: 99 %, share: 20 %}
  - {name: withdrawals_paid, sli: withdraw, at_least: 99 %}
  - {name: runs_good, sli: run, at_least: 99.9 %, share: 40 %}
hard_stops:
  - {name: psp_success_ratio, sli: deposit, by: psp, below: 50 %, at_least: 6, within: 5m}
window: 2m
tick: 30s
consecutive: 3
margin: 50 %
pairs_min: 5
missing_max: 20 %
"""
"""As the shipped one, but sure of less within minutes. Latencies apart: a busy machine is slow on both sides."""


@dataclass
class Stage:
    """The cells, a world each for Argo and Flagger, and how many pairs have been played."""

    cells: tuple[CellPlan, CellPlan]
    for_argo: World
    for_flagger: World
    turns: Iterator[Turn]
    seed: int
    played: int = 0
    observed: list[Observation] = field(default_factory=list)

    def play(self, seconds: float) -> None:
        """Play a batch, dated over so many seconds from now on; both gates see it."""
        batch = [next(self.turns) for _ in range(PAIRS_A_TICK)]
        began_ns, each_ns = self.for_argo.clock.wall_ns(), round(seconds * 1e9 / len(batch))
        dated = {turn.pair: began_ns + place * each_ns for place, turn in enumerate(batch)}
        seen = [replace(one, started_ns=dated[one.pair]) for one in observe(asyncio.run(self._played(batch)))]
        for world in (self.for_argo, self.for_flagger):
            world.store.observe(seen)
        self.played += len(batch)
        self.observed += seen

    async def _played(self, batch: Sequence[Turn]) -> list[Event]:
        events: list[Event] = []
        async with Session(self.cells, seed=self.seed, sink=events.append, journal=MemoryJournal()) as session:
            await session.play_all(batch, at_once=AT_ONCE)
        return events

    def released(self, ticks_max: int) -> tuple[ArgoRollout, FlaggerCanary]:
        """Roll the canary out with both controllers at once, at most so many ticks long."""
        rollout, canary = argo(self.for_argo), flagger(self.for_flagger)
        for _ in range(ticks_max):
            for controller, step in ((rollout, rollout.reconcile), (canary, canary.tick)):
                if not controller.is_over:
                    step()
            if rollout.is_over and canary.is_over:
                break
            self.for_argo.wait_s(TICK_S)
        return rollout, canary

    def decision(self) -> Decision:
        """What the gate says to Argo now."""
        world = self.for_argo
        judge = Judge(world.store, lambda: world.policy, world.clock)
        return judge.judge(Asked(rollout=world.store.rollouts()[0].id)).decision


@contextmanager
def staged(cells_file: Path, folder: Path) -> Iterator[Stage]:
    """A stage on a platform that runs."""
    cells = load_cells(cells_file)
    pair = cells["canary"], cells["baseline"]
    scenario = load_scenario(
        Path("in_and_out.yaml"), load_platform(PLATFORM), known_checks=frozenset(CHECKS), text=SCENARIO
    )
    policy, seed = load_slo(Path("slo.yaml"), text=SLO), fresh_seed()
    turns = iter(paired_turns([{"reference": scenario}], *pair, seed=seed, repeat=1_000))
    with ExitStack() as stack:
        worlds: list[World] = []
        for name in ("argo", "flagger"):
            (folder / name).mkdir()
            more = {"clock": worlds[0].clock} if worlds else {}
            worlds.append(stack.enter_context(gated_world(folder / name, policy, **more)))
        stage = Stage(pair, worlds[0], worlds[1], turns, seed)
        worlds[0].during = stage.play
        yield stage


@contextmanager
def thrown(cells: Sequence[CellPlan], fault: Fault, place: str = "", rate: float = 1.0) -> Iterator[None]:
    """A fault at these cells, so often (0..1), for as long as the block."""

    async def ask(what: Callable[[Switches], object]) -> None:
        for cell in cells:
            async with Switches(cell.name, cell.endpoints) as switches:
                await what(switches)  # type: ignore[misc]

    asyncio.run(ask(lambda switches: switches.throw(fault, place, rate=rate)))
    try:
        yield
    finally:
        asyncio.run(ask(lambda switches: switches.reset(fault, place)))
