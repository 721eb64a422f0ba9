"""Players are leased: one run at a time on an account, so that no run sees another one's money.

This lease holds within one process; several processes share players through the journal (a later step of the runner).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from synthetic.core.errors import HarnessError
from synthetic.core.plan import PlayerPlan
from synthetic.core.ports import Clock

# RFC 6238: a one-time code is good for one log-in, and a new one comes every 30 seconds.
REST_WITH_TOTP_S = 31.0


def rest_s(player: PlayerPlan) -> float:
    """How long a player can't log in again after a run."""
    return REST_WITH_TOTP_S if "totp" in {*player.attributes, *player.secrets} else 0.0


@dataclass(slots=True)
class _Free:
    player: PlayerPlan
    rested_at_ns: int


class PlayerPool:
    """The players of one pool of one cell, lent in turn. A player with a second factor rests until its next code."""

    def __init__(self, name: str, players: Sequence[PlayerPlan], clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._free = deque(_Free(player, 0) for player in players)
        self._returned = asyncio.Condition()
        self._size = len(players)

    @property
    def size(self) -> int:
        """How many players it has."""
        return self._size

    @asynccontextmanager
    async def lease(self, timeout_s: float) -> AsyncIterator[PlayerPlan]:
        """Lend a rested player; waits for one up to `timeout_s`. Raises HarnessError where none comes."""
        player = await self._take(timeout_s)
        try:
            yield player
        finally:
            rest_ns = int(rest_s(player) * 1e9)
            async with self._returned:
                self._free.append(_Free(player, self._clock.monotonic_ns() + rest_ns))
                self._returned.notify()

    async def _take(self, timeout_s: float) -> PlayerPlan:
        deadline_ns = self._clock.monotonic_ns() + int(timeout_s * 1e9)
        while True:
            now_ns = self._clock.monotonic_ns()
            if self._free and self._free[0].rested_at_ns <= now_ns:
                return self._free.popleft().player
            if now_ns >= deadline_ns:
                raise HarnessError(
                    f"no free player in the pool {self._name!r} ({self._size} in all) within {timeout_s:g} s; "
                    "add players to the pool, or play fewer runs at a time"
                )
            wake_ns = min(deadline_ns, self._free[0].rested_at_ns) if self._free else deadline_ns
            await self._wait((wake_ns - now_ns) / 1e9)

    async def _wait(self, seconds: float) -> None:
        async with self._returned:
            try:
                await asyncio.wait_for(self._returned.wait(), seconds)
            except TimeoutError:
                return
