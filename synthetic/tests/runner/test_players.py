"""Players are lent to one run at a time, and rest where a second factor needs it."""

from __future__ import annotations

import asyncio

import pytest

from synthetic.core.errors import HarnessError
from synthetic.core.plan import PlayerPlan
from synthetic.drivers.memory import VirtualClock
from synthetic.runner.players import REST_WITH_TOTP_S, PlayerPool


def player(name: str, **secrets: str) -> PlayerPlan:
    """A player of the pool."""
    return PlayerPlan(name, "all", {"username": name}, secrets)


def test_two_runs_never_share_a_player() -> None:
    """The second lease is another player; with none left, a third one waits until one comes back."""

    async def lend() -> list[str]:
        pool = PlayerPool("c/all", [player("a"), player("b")], VirtualClock())
        order = []
        async with pool.lease(1.0) as first:
            async with pool.lease(1.0) as second:
                order += [first.id, second.id]
                waiting = asyncio.create_task(take(pool))
                await asyncio.sleep(0)
                assert not waiting.done()
            order.append(await waiting)
        return order

    assert asyncio.run(lend()) == ["a", "b", "b"]


async def take(pool: PlayerPool) -> str:
    """Borrow a player for a moment."""
    async with pool.lease(1.0) as lent:
        return lent.id


def test_a_player_with_a_second_factor_rests_until_the_next_code() -> None:
    """A one-time code is good once: right after a log-in he is not lent again, 31 seconds later he is."""

    async def lend() -> str:
        clock = VirtualClock()
        pool = PlayerPool("c/mfa", [player("a", totp="env:X")], clock)
        await take(pool)
        with pytest.raises(HarnessError, match="no free player in the pool 'c/mfa'"):
            async with pool.lease(0.0):
                pass
        clock.advance(REST_WITH_TOTP_S)
        return await take(pool)

    assert asyncio.run(lend()) == "a"


def test_an_empty_pool_says_what_to_do() -> None:
    """No player at all: one line with the pool's name and the way out."""

    async def lend() -> None:
        async with PlayerPool("c/none", [], VirtualClock()).lease(0.0):
            pass

    with pytest.raises(HarnessError, match="add players to the pool"):
        asyncio.run(lend())
