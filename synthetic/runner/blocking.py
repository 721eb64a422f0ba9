"""Blocking play for one cell: one run at a time in the calling thread, as pytest and load users need it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle

from synthetic.config.secret_refs import resolve_all
from synthetic.core.errors import HarnessError
from synthetic.core.events import RunEnded
from synthetic.core.machine import play
from synthetic.core.plan import CellPlan, PlayerPlan, ScenarioPlan
from synthetic.core.ports import EventSink, Journal
from synthetic.drivers.blocking_driver import BlockingDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.tls import client_context
from synthetic.runner.specs import Part, Turn, make_spec, pool_name


class BlockingSession:
    """Plays scenarios on one cell, one after the other.

    `share` = (index, count) takes every count-th player only, so that several processes never share an account.
    """

    def __init__(self, cell: CellPlan, *, seed: int, journal: Journal, share: tuple[int, int] = (0, 1)) -> None:
        self.cell = cell
        self.seed = seed
        self._journal = journal
        self._clock = SystemClock()
        self._driver = BlockingDriver(allow=cell.allow, tls=client_context(cell.ca_file), clock=self._clock)
        self._secrets = resolve_all(cell, cell.secrets)
        self._share = share
        self._players: dict[str, cycle[PlayerPlan]] = {}

    def play(self, plan: ScenarioPlan, row: Mapping[str, str], *, number: int = 0, sink: EventSink) -> RunEnded:
        """Play one run. Raises HarnessError where the pool of the scenario has no player for this process."""
        turn = Turn((Part(plan, self.cell),), row, number)
        player = self._player(pool_name(plan, self.cell))
        now_ns = self._clock.monotonic_ns()
        spec = make_spec(
            turn.parts[0], turn, player, self._secrets, seed=self.seed, clock=self._clock, scheduled_ns=now_ns
        )
        return self._driver.run(play(spec), sink=sink, journal=self._journal)

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def _player(self, pool: str) -> PlayerPlan:
        if pool not in self._players:
            index, count = self._share
            members = [player for player in self.cell.players if player.pool == pool][index::count]
            if not members:
                raise HarnessError(
                    f"cell {self.cell.name!r} has no player for process {index + 1} of {count} in the pool {pool!r}"
                )
            self._players[pool] = cycle(members)
        return next(self._players[pool])
