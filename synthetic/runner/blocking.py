"""Blocking play for one cell: one run at a time in the calling thread, as pytest and load users need it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from synthetic.config.cell_secrets import cell_secrets
from synthetic.core.errors import HarnessError
from synthetic.core.events import RunEnded
from synthetic.core.machine import play
from synthetic.core.plan import CellPlan, PlayerPlan, ScenarioPlan
from synthetic.core.ports import Clock, EventSink, Journal
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.of_cells import blocking_driver
from synthetic.runner.players import rest_s
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
        self._driver = blocking_driver(cell, clock=self._clock)
        self._secrets = cell_secrets(cell)
        self._share = share
        self._pools: dict[str, TakingTurns] = {}
        self._plays: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()

    def play(
        self, plan: ScenarioPlan, row: Mapping[str, str], *, number: int | None = None, sink: EventSink
    ) -> RunEnded:
        """Play one run. Raises HarnessError where the pool of the scenario has no player for this process.

        Ids and keys are made of `number`; without one, every play of a scenario's row in this session has its own.
        """
        turn = Turn((Part(plan, self.cell),), row, self._next_number(plan, row) if number is None else number)
        with self._pool(pool_name(plan, self.cell)).lease() as player:
            now_ns = self._clock.monotonic_ns()
            spec = make_spec(
                turn.parts[0], turn, player, self._secrets, seed=self.seed, clock=self._clock, scheduled_ns=now_ns
            )
            return self._driver.run(play(spec), sink=sink, journal=self._journal)

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def _next_number(self, plan: ScenarioPlan, row: Mapping[str, str]) -> int:
        played = (plan.name, tuple(sorted(row.items())))
        self._plays[played] += 1
        return self._plays[played] - 1

    def _pool(self, pool: str) -> TakingTurns:
        if pool not in self._pools:
            index, count = self._share
            members = [player for player in self.cell.players if player.pool == pool][index::count]
            if not members:
                raise HarnessError(
                    f"cell {self.cell.name!r} has no player for process {index + 1} of {count} in the pool {pool!r}"
                )
            self._pools[pool] = TakingTurns(members, self._clock)
        return self._pools[pool]


@dataclass(slots=True)
class _Member:
    player: PlayerPlan
    rested_at_ns: int = 0


class TakingTurns:
    """Players who are lent one at a time, the one that was not needed for longest first, and rested ones before others.

    `pause` waits so many seconds for a player's next one-time code, where all of them need one.
    """

    def __init__(
        self, players: Sequence[PlayerPlan], clock: Clock, pause: Callable[[float], None] = time.sleep
    ) -> None:
        assert players, "somebody has to be there to play"
        self._members = [_Member(player) for player in players]
        self._clock = clock
        self._pause = pause

    @contextmanager
    def lease(self) -> Iterator[PlayerPlan]:
        """Lend a rested player; waits for one, but never longer than one rest."""
        member = self._next()
        self._members.remove(member)
        try:
            yield member.player
        finally:
            member.rested_at_ns = self._clock.monotonic_ns() + int(rest_s(member.player) * 1e9)
            self._members.append(member)

    def _next(self) -> _Member:
        now_ns = self._clock.monotonic_ns()
        for member in self._members:
            if member.rested_at_ns <= now_ns:
                return member
        soonest = min(self._members, key=lambda member: member.rested_at_ns)
        self._pause((soonest.rested_at_ns - now_ns) / 1e9)
        return soonest
