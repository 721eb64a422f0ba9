"""How the fault and defect catalogues are written: a name, the switches that make it, and whom it is to be blamed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PSPS = ("psp-a", "psp-b", "psp-c")
PROVIDERS = ("provider-a", "provider-b")
_GROUPS = {"psps": PSPS, "providers": PROVIDERS}


@dataclass(frozen=True, slots=True)
class Throw:
    """One switch on one component: `cell`, a PSP or provider by name, or `psps` / `providers`: each of them."""

    component: str
    switch: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def components(self, cell: str, place: str) -> tuple[str, ...]:
        """The components where it is thrown: a group narrows down to the `place` where that is one of it."""
        if self.component == "cell":
            return (cell,)
        group = _GROUPS.get(self.component, (self.component,))
        return (place,) if place in group else group


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of domain reference 7, or a planted defect of the cell's own code.

    `number` is the fault's number there (0 for a planted defect), `blame` the class a harness has to report
    (`platform`, `psp`, `provider`, `harness`), `shared` says that the fault sits in a counterparty that both cells use,
    `scenario` the scenario that shows it and `caught_by` the check or step that has to turn red.

    `throws`: the first one triggers the fault (a rate is its rate), the last one does the damage: when that has acted, the fault
    has happened. `places`: where it can be, one at a time: PSPs or providers (none: the cell as a whole). Without an answer of
    its own, these are all that its throws name. `provoke`: for a fault of the harness itself, what the runner is made to do.
    """

    name: str
    number: int
    title: str
    throws: tuple[Throw, ...]
    blame: str
    scenario: str
    caught_by: str
    shared: bool = False
    places: tuple[str, ...] = ()
    provoke: str = ""

    def where(self) -> tuple[str, ...]:
        """The places where it can be; `("",)` for the cell as a whole."""
        if self.places:
            return self.places
        named = {throw.component for throw in self.throws}
        groups = [group for name, group in _GROUPS.items() if name in named]
        return groups[0] if groups else ("",)
