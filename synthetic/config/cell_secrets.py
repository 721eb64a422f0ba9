"""All secrets of a cell, read once: those that expressions name, and those that it is connected to with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from synthetic.config.connection_secrets import connection_secrets
from synthetic.config.secret_refs import resolve_all
from synthetic.core.plan import CellPlan


@dataclass(frozen=True, slots=True)
class CellSecrets:
    """`named`: by the names that expressions use. `hidden`: what no expression sees, but every run has to mask.

    They are read when the cell's driver is made, and together: a run masks what its driver shows, and not what it was rotated to.
    """

    named: Mapping[str, str] = field(default_factory=dict, repr=False)
    hidden: tuple[str, ...] = field(default=(), repr=False)


def cell_secrets(cell: CellPlan) -> CellSecrets:
    """Those of a cell, as they are now. Raises AuthorError where a reference leads nowhere."""
    return CellSecrets(resolve_all(cell, cell.secrets), connection_secrets(cell).texts)
