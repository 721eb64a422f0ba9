"""Waiting for a claim without sleeping blindly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


async def until(claim: Callable[[], bool]) -> None:
    """Poll until the claim holds, for half a minute at most."""
    deadline = time.monotonic() + 30
    while not claim():
        assert time.monotonic() < deadline, "the claim never held"
        await asyncio.sleep(0.001)
