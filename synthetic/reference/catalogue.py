"""How the fault and defect catalogues are written: a name, the switches that make it, and whom it is to be blamed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Throw:
    """One switch on one component: `cell`, or the name of a PSP or provider, or `psps` / `providers` for all of them."""

    component: str
    switch: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of domain reference 7, or a planted defect of the cell's own code.

    `number` is the fault's number there (0 for a planted defect), `blame` the class a harness has to report
    (`platform`, `psp`, `provider`), `shared` says that the fault sits in a counterparty that both cells use,
    `scenario` the scenario that shows it and `caught_by` the check or step that has to turn red.
    """

    name: str
    number: int
    title: str
    throws: tuple[Throw, ...]
    blame: str
    scenario: str
    caught_by: str
    shared: bool = False
