"""How a planted defect is written down: the platform's own bug, always to be blamed on the platform."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault, Throw


def defect(name: str, title: str, switch: str, scenario: str, caught_by: str) -> Fault:
    """One switch of the cell, the scenario that shows what it does, and the check or step that has to turn red."""
    return Fault(name, 0, title, (Throw("cell", switch),), "platform", scenario, caught_by)
