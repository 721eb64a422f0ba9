"""The catalogues of faults and defects say only what exists: scenarios, checks and steps."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from synthetic.core.checks import ALWAYS, CHECKS
from synthetic.reference.catalogue import Fault
from synthetic.reference.defects import DEFECTS
from synthetic.reference.faults import FAULTS
from synthetic.runner.provoked import PROVOCATIONS
from synthetic.tests.core.checks.shipped import shipped_cases

CATALOGUE = pytest.mark.parametrize("fault", [*FAULTS.values(), *DEFECTS.values()], ids=lambda fault: str(fault.name))


@cache
def scenarios() -> dict[str, dict[str, Any]]:
    """The project's scenarios by name."""
    folder = Path(__file__).parents[3] / "scenarios"
    loaded = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in folder.rglob("*.yaml"))
    return {scenario["scenario"]: scenario for scenario in loaded}


@CATALOGUE
def test_each_fault_names_a_check_or_a_step_of_its_scenario(fault: Fault) -> None:
    """The scenario exists, and what catches the fault is one of its checks or one of its steps."""
    scenario = scenarios()[fault.scenario]
    if fault.caught_by.startswith("step:"):
        assert fault.caught_by.removeprefix("step:") in {step["id"] for step in scenario["steps"]}
    elif fault.caught_by != "journal":
        assert fault.caught_by in CHECKS
        assert fault.caught_by in (*scenario["checks"], *ALWAYS)


def test_the_faults_are_those_of_the_domain_reference() -> None:
    """In its order, and none has a number that is not there."""
    numbers = [fault.number for fault in FAULTS.values()]
    assert numbers == sorted(numbers)
    assert set(numbers) <= set(range(1, 37))


@CATALOGUE
def test_a_fault_can_be_at_each_place_that_it_names(fault: Fault) -> None:
    """A place is where one of its switches is; the cell's own are asked with the PSP of the payment."""
    for place in fault.where():
        thrown_at = {c for throw in fault.throws for c in throw.components("canary", place)}
        assert place == "" or place in thrown_at or thrown_at == {"canary"}


@CATALOGUE
def test_only_a_counterparty_can_be_shared(fault: Fault) -> None:
    """A fault that sits in a cell is that cell's; one that both cells see is blamed on who they share."""
    components = {thrown.component for thrown in fault.throws}
    assert not (fault.shared and "cell" in components)
    assert fault.blame != "platform" or not fault.shared


def test_what_the_harness_is_made_to_do_is_something_that_it_can_do() -> None:
    """Each fault of its own names a provocation, and each provocation makes a fault."""
    own = {fault.provoke: fault.blame for fault in FAULTS.values() if fault.provoke}
    assert own == dict.fromkeys(PROVOCATIONS, "harness")


def test_every_check_is_what_some_planted_defect_or_a_shipped_history_is_caught_by() -> None:
    """A check that nothing turns red proves nothing."""
    caught = {fault.caught_by for fault in (*FAULTS.values(), *DEFECTS.values())}
    assert set(CHECKS) <= caught | {case.check for case in shipped_cases() if case.found}
