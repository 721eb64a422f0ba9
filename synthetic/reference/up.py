"""`synthetic reference up`: run a world until it is told to stop, or until who started it is gone."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from synthetic.reference.world import World, WorldSettings, running_world
from synthetic.reference.world.cells_file import remove_cells_file

PARENT_CHECKED_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class UpSettings:
    """The world to run; where its cells file goes; with which process it ends.

    `exit_with_parent`: the pid of the process that started this one. It is told and not asked for, since a starter that was
    killed at once is no longer the parent when this process first looks.
    """

    world: WorldSettings
    cells_file: Path | None = None
    exit_with_parent: int | None = None


def serve(settings: UpSettings, announce: Callable[[str], None]) -> int:
    """Run until SIGTERM or SIGINT; answers the exit code. The cells file is written last: once it is there, all is ready."""
    asyncio.run(_serve(settings, announce))
    return 0


async def _serve(settings: UpSettings, announce: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if settings.cells_file is not None:  # an old one would tell who waits for it that this world is ready
        settings.cells_file.unlink(missing_ok=True)
    async with running_world(settings.world) as world:
        for line in addresses(world):
            announce(line)
        if settings.cells_file is not None:
            world.write_cells(settings.cells_file)
            announce(f"cells file: {settings.cells_file}")
        gc.collect()
        gc.freeze()  # a full collection over what is loaded would look like a slow platform
        announce("ready; stop with Ctrl-C")
        try:
            await _until_told(stop, settings.exit_with_parent)
        finally:
            if settings.cells_file is not None:
                remove_cells_file(settings.cells_file)


async def _until_told(stop: asyncio.Event, parent: int | None) -> None:
    """Wait for a signal, or until the process that started this one is gone."""
    while not stop.is_set():
        if parent is not None and os.getppid() != parent:
            return
        try:
            await asyncio.wait_for(stop.wait(), PARENT_CHECKED_EVERY_S)
        except TimeoutError:
            continue


def addresses(world: World) -> list[str]:
    """Where everything listens, a line each."""
    roles = {cell.name: f"cell, {cell.track}, version {cell.version}" for cell in world.cells}
    roles |= {psp.psp: "PSP" for psp in world.cells[0].psps} | {"idp": "identity provider"}
    width = max(len(name) for name in world.listeners)
    return [
        f"{name:<{width}}  {listener.url}  {roles.get(name, 'game provider')}"
        for name, listener in world.listeners.items()
    ]
