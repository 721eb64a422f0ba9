"""The drivers of all cells, and the cells' secrets. After a reload the cells that have changed get new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from synthetic.config.cell_secrets import CellSecrets, cell_secrets
from synthetic.core.plan import CellPlan
from synthetic.core.ports import Clock
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.lag import LagMeter
from synthetic.drivers.of_cells import asyncio_driver


@dataclass(slots=True)
class Drivers:
    """One driver a cell. Use `fit` for the first plan and each one after it, and `aclose` at the end."""

    clock: Clock
    lag: LagMeter
    secrets: dict[str, CellSecrets] = field(default_factory=dict)
    _cells: dict[str, CellPlan] = field(default_factory=dict)
    _drivers: dict[str, AsyncDriver] = field(default_factory=dict)
    _retired: list[AsyncDriver] = field(default_factory=list)

    def fit(self, cells: Mapping[str, CellPlan]) -> None:
        """Have a driver for each of these cells. Raises SyntheticError where a secret leads nowhere, or a
        certificate can't be shown; then all stays as it was.

        Secrets are read again for all of them: they may have been rotated, and nothing else have changed. A driver that is not
        needed any more is closed at the end: runs may still be going on it.
        """
        secrets = {name: cell_secrets(cell) for name, cell in cells.items()}
        changed = {name: cell for name, cell in cells.items() if self._is_other(cell, secrets[name])}
        made = {name: asyncio_driver(cell, clock=self.clock, lag=self.lag) for name, cell in changed.items()}
        self._retired += [self._drivers[name] for name in made if name in self._drivers]
        self._drivers |= made
        self._cells |= changed
        self.secrets |= secrets

    def _is_other(self, cell: CellPlan, secrets: CellSecrets) -> bool:
        """Whether a driver shows another plan, or would show what has been rotated: the references to it stay the same."""
        return self._cells.get(cell.name) != cell or self.secrets[cell.name].hidden != secrets.hidden

    def __call__(self, cell: str) -> AsyncDriver:
        """The driver of a cell, also of one that a reload has taken out: its money has to come home."""
        return self._drivers[cell]

    async def aclose(self) -> None:
        """Close them all."""
        for driver in (*self._drivers.values(), *self._retired):
            await driver.aclose()
        await self.lag.stop()
