"""Whoever goes through many probes leaves the event loop to others now and then."""

from __future__ import annotations

import asyncio

from synthetic.runner.unhurried import AT_ONCE, unhurried


def test_others_have_their_turn_while_many_probes_are_gone_through() -> None:
    """Before the first one and behind every hundred; none is left out, and the order stays."""
    turns: list[int] = []

    async def play() -> list[int]:
        seen: list[int] = []

        async def other() -> None:
            while True:
                turns.append(len(seen))
                await asyncio.sleep(0)

        beside = asyncio.create_task(other())
        async for probe in unhurried(range(2 * AT_ONCE + 1)):
            seen.append(probe)  # noqa: PERF401 - the other one looks at it meanwhile
        beside.cancel()
        return seen

    assert asyncio.run(play()) == list(range(2 * AT_ONCE + 1))
    assert turns == [0, AT_ONCE, 2 * AT_ONCE]
