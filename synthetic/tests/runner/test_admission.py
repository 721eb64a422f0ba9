"""Admission: every rule that stands before a run, the cheapest first; and only those who are proven play."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from synthetic.config.serving import load_serving
from synthetic.core.errors import Place
from synthetic.core.plan import CellPlan, PlayerPlan, ProofPlan, ScenarioPlan
from synthetic.core.plan_serving import MaintenancePlan, ProbePlan, ServingPlan
from synthetic.runner.admission import Admission
from synthetic.runner.policy import Refusal
from synthetic.runner.specs import Part
from synthetic.runner.timetable import Missed
from synthetic.tests.runner.test_proofs import PROVING, Office

DATA = Path(__file__).parent.parent / "data" / "serving"
SERVING = """\
serve: small
cells: cells.yaml
database: runner.db
probes:
  - {scenarios: [deposit], cells: [canary], only: {psp: [psp-a]}}
  - {scenarios: [login], cells: [canary], alone: true}
budgets: {EUR: {run: 5.00 EUR, account_day: 50.00 EUR, day: 100.00 EUR, outstanding: 10.00 EUR}}
policies: [{market: MT, withdraw: off, instrument: sandbox-in-prod}]
"""


def proving(scenario: ScenarioPlan) -> ScenarioPlan:
    """The scenario on a platform that also has proofs."""
    proofs: dict[str, ProofPlan] = dict(PROVING.proofs)
    operations = {**scenario.platform.operations, **PROVING.operations}
    return replace(scenario, platform=replace(scenario.platform, proofs=proofs, operations=operations))


class Desk:
    """An admission over an office in memory."""

    def __init__(self) -> None:
        loaded = load_serving(DATA / "runner.yaml", text=SERVING)
        self.plan = replace(loaded, probes=tuple(self._proving(probe) for probe in loaded.probes))
        self.office = Office()
        self.killed = self.unwell = ""
        self.unpaid: Refusal | None = None
        self.admission = Admission(
            lambda: self.plan,
            self.office.clock,
            self.office.proofs,
            killed=lambda: self.killed,
            unwell=lambda: self.unwell,
            unpaid=lambda _probe: self.unpaid,
        )

    @staticmethod
    def _proving(probe: ProbePlan) -> ProbePlan:
        baseline = proving(probe.baseline_scenario) if probe.baseline_scenario is not None else None
        return replace(probe, scenario=proving(probe.scenario), baseline_scenario=baseline)

    def refused(self, name: str = "login@canary") -> tuple[str, Missed] | None:
        """The rule that refuses a probe, and the reason of the missed slot."""
        probe = self.plan.probe(name)
        assert probe is not None
        refusal = asyncio.run(self.admission.refuse(probe, 0))
        return None if refusal is None else (refusal.rule, refusal.reason)

    def fit(self, name: str = "login@canary") -> list[str] | str:
        """Who may play the first part of a probe, or the rule that refuses."""
        probe = self.plan.probe(name)
        assert probe is not None
        found = asyncio.run(self.admission.fit(Part(*probe.sides[0]), probe.row))
        return found.rule if isinstance(found, Refusal) else [player.id for player in found]


DEPOSIT = "deposit@canary[psp=psp-a]"


@pytest.fixture
def desk() -> Desk:
    """A desk where all is well."""
    return Desk()


def test_what_nothing_forbids_is_played(desk: Desk) -> None:
    """By players who are proven."""
    assert desk.refused() is None
    assert desk.fit() == ["p1"]


def test_each_rule_refuses_with_its_reason(desk: Desk) -> None:
    """The kill switch before everything, what nobody pays for last."""
    desk.unpaid = Refusal("budget", "nothing is left", Missed.BUDGET)
    assert desk.refused() == ("budget", Missed.BUDGET)
    desk.plan = replace(desk.plan, policies=())
    assert desk.refused() == ("known-market", Missed.POLICY)
    desk.plan = replace(
        desk.plan, maintenance=(MaintenancePlan(Place(), "the weekly restart", from_ns=0, to_ns=2**63),)
    )
    assert desk.refused() == ("maintenance", Missed.MAINTENANCE)
    desk.unwell = "the loop lags"
    assert desk.refused() == ("healthy-runner", Missed.UNHEALTHY)
    desk.killed = "by hand"
    assert desk.refused() == ("kill-switch", Missed.KILLED)


def test_a_pair_is_not_played_when_one_side_of_it_may_not_be(desk: Desk) -> None:
    """The baseline's players have no sandbox instrument, and it rests."""
    assert desk.refused(DEPOSIT) == ("sandbox-instrument", Missed.NO_PLAYER)
    resting = MaintenancePlan(Place(), "move", cells=frozenset({"baseline"}), from_ns=0, to_ns=2**63)
    desk.plan = replace(desk.plan, maintenance=(resting,))
    assert desk.refused(DEPOSIT) == ("maintenance", Missed.MAINTENANCE)
    assert desk.refused() is None


def test_only_players_who_are_proven_and_allowed_play(desk: Desk) -> None:
    """Before anybody is proven, a tick waits for one; after that all who are may play."""
    assert desk.fit(DEPOSIT) == ["p1"]
    assert desk.office.asked == ["/about", "/players/p1"]
    asyncio.run(desk.admission.prepare())
    assert desk.fit(DEPOSIT) == ["p1", "p2"]


def test_nobody_plays_where_nobody_is_synthetic(desk: Desk) -> None:
    """A tick asks for two of a pool at most: it has no time to ask for a hundred."""
    desk.office.synthetic = "false"
    probe = desk.plan.probes[-1]
    many = replace(probe.cell, players=tuple(PlayerPlan(f"p{index}", "standard", {}, {}) for index in range(9)))
    found = asyncio.run(desk.admission.fit(Part(probe.scenario, many), {}))
    assert isinstance(found, Refusal)
    assert found.rule == "synthetic-account"
    assert desk.office.asked == ["/about", "/players/p0", "/players/p1"]


def test_nobody_plays_on_a_cell_that_is_another_one(desk: Desk) -> None:
    """And no account is asked for there."""
    desk.office.track = '"baseline"'
    assert desk.fit() == "right-cell"
    assert desk.office.asked == ["/about"]


def test_a_pool_without_players_is_told(desk: Desk) -> None:
    """As one that is empty, and not as a platform that says no."""
    probe = desk.plan.probe("login@canary")
    assert probe is not None
    empty: CellPlan = replace(probe.cell, players=(PlayerPlan("x", "other", {}, {}),))
    found = asyncio.run(desk.admission.fit(Part(probe.scenario, empty), {}))
    assert isinstance(found, Refusal)
    assert (found.rule, found.reason) == ("free-player", Missed.NO_PLAYER)


def test_a_new_plan_counts_at_once(desk: Desk) -> None:
    """Nothing of the old one is kept."""
    plan: ServingPlan = desk.plan
    desk.plan = replace(plan, policies=())
    assert desk.refused() == ("known-market", Missed.POLICY)
    desk.plan = plan
    assert desk.refused() is None
