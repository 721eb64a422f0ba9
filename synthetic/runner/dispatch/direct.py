"""Ticks as tasks of this process. What it had begun ends with it; the journal's leases still bring the money home."""

from __future__ import annotations

import asyncio

from synthetic.runner.dispatch.port import PlaySlot


class DirectDispatch:
    """`Dispatch` without a durable queue: for simulations, and for tests of the worker alone."""

    def __init__(self, play: PlaySlot) -> None:
        self._play = play
        self._going: set[asyncio.Task[str]] = set()

    async def start(self, probe: str, slot_ns: int) -> None:
        """Start a tick as a task."""
        task = asyncio.ensure_future(self._play(probe, slot_ns))
        self._going.add(task)
        task.add_done_callback(self._going.discard)

    async def take_over(self, worker: str) -> int:  # noqa: ARG002 - nothing of a dead process is left but its leases
        """Nothing to continue."""
        return 0

    async def forget(self, before_ns: int) -> int:  # noqa: ARG002 - nothing is kept
        """Nothing to forget."""
        return 0

    async def drain(self, timeout_s: float) -> bool:
        """Wait for the tasks."""
        if self._going:
            await asyncio.wait(self._going, timeout=timeout_s)
        return not self._going
