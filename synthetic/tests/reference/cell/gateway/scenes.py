"""A test over real sockets is a scene: a coroutine that is given a running platform."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from synthetic.tests.reference.cell.gateway.playing import Platform, platform

Scene = Callable[[Platform], Awaitable[None]]


def play(folder: Path, scene: Scene, **options: Any) -> None:
    """Run a scene on a platform of its own; `options` are those of `platform`."""

    async def run() -> None:
        async with platform(folder, **options) as running:
            await scene(running)

    asyncio.run(run())
