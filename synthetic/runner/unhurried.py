"""Going through many probes: an event loop that is with them for long hands out slots late, and books it as its own lag."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

AT_ONCE = 100  # are looked at in one turn of the loop

T = TypeVar("T")


async def unhurried(probes: Iterable[T]) -> AsyncIterator[T]:
    """One after the other; runs go on before the first one and behind every hundred."""
    for number, probe in enumerate(probes):
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
        yield probe
