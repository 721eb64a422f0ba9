"""Releases of the reference platform, 5 -> 25 -> 50 -> 100 %, through Argo Rollouts and Flagger, decided by real runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.gate.decision import Reason
from synthetic.reference.defects import DEFECTS
from synthetic.reference.faults import FAULTS
from synthetic.tests.controllers.argo import ArgoRollout, Health
from synthetic.tests.controllers.flagger import FlaggerCanary, Phase
from synthetic.tests.controllers.platform import staged, thrown

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def are_rolled_back(rollout: ArgoRollout, canary: FlaggerCanary) -> bool:
    """By the gate's own word, and back at nothing."""
    assert (rollout.health, rollout.weights) == (Health.DEGRADED, [0, 5, 0]), rollout.told
    assert "assessed Failed" in rollout.told[-1]
    assert (canary.phase, canary.weight, canary.failed_checks) == (Phase.FAILED, 0, 0), canary.events
    return True


def test_a_healthy_canary_is_promoted_step_by_step(synthetic_cells_file: Path, tmp_path: Path) -> None:
    """Each share after a pass of its own; no check of Flagger's has failed on the way."""
    with staged(synthetic_cells_file, tmp_path) as stage:
        rollout, canary = stage.released(ticks_max=40)
        assert (rollout.health, rollout.weights) == (Health.HEALTHY, [0, 5, 25, 50, 100]), stage.decision().explanation
        assert (canary.phase, canary.weights) == (Phase.SUCCEEDED, [0, 5, 25, 50, 100, 0]), canary.events
        assert canary.failed_checks == 0
        assert stage.for_flagger.store.rollouts()[0].ending == "promoted"


def test_a_canary_that_loses_one_psp_is_rolled_back(synthetic_cells_file: Path, tmp_path: Path) -> None:
    """The other two PSPs are well, and so is the baseline."""
    with staged(synthetic_cells_file, tmp_path) as stage, thrown(stage.cells[:1], FAULTS["bin_declined"], "psp-b"):
        assert are_rolled_back(*stage.released(ticks_max=40))
        assert stage.decision().reason is Reason.HARD_STOP
        assert "psp_success_ratio [psp-b]" in stage.decision().explanation
        assert stage.for_flagger.store.rollouts()[0].ending == "rolled_back"


def test_a_canary_that_breaks_a_money_law_is_rolled_back_at_once(synthetic_cells_file: Path, tmp_path: Path) -> None:
    """Every step of it is green: only the PSP's report tells that a payout went out twice. One batch is enough."""
    with staged(synthetic_cells_file, tmp_path) as stage, thrown(stage.cells[:1], DEFECTS["pays_out_twice"]):
        assert are_rolled_back(*stage.released(ticks_max=40))
        assert stage.decision().reason is Reason.MONEY_LAW
        assert stage.played <= 30  # what is played before both controllers have heard of it


def test_a_canary_that_fails_now_and_then_is_rolled_back(synthetic_cells_file: Path, tmp_path: Path) -> None:
    """Every other deposit, at any PSP: too few for a hard stop, too many for chance, on the canary alone for three ticks."""
    with staged(synthetic_cells_file, tmp_path) as stage, thrown(stage.cells[:1], FAULTS["bin_declined"], rate=0.5):
        assert are_rolled_back(*stage.released(ticks_max=60))
        assert stage.decision().reason is Reason.REGRESSION


def test_a_psp_outage_on_both_sides_holds_the_release(synthetic_cells_file: Path, tmp_path: Path) -> None:
    """Neither promoted nor rolled back: it is not the release's fault, and nobody knows how the release is."""
    with staged(synthetic_cells_file, tmp_path) as stage, thrown(stage.cells, FAULTS["bin_declined"], "psp-b"):
        rollout, canary = stage.released(ticks_max=6)
        assert (rollout.health, rollout.weight) == (Health.PROGRESSING, 5), rollout.told
        assert (canary.phase, canary.weight, canary.failed_checks) == (Phase.PROGRESSING, 0, 0), canary.events
        assert (stage.decision().verdict, stage.decision().reason) == ("inconclusive", Reason.SHARED_FAULT)
