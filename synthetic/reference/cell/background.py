"""Work that outlives a request: started with the cell, cancelled with it, and never silent when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Self

from synthetic.reference.cell.logs import log_failure

Hook = Callable[[], Awaitable[None]]


class Background:
    """The cell's supervisor of tasks. Use as an async context manager around the app's life."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_start: list[Hook] = []
        self._at_stop: list[Hook] = []

    def at_start(self, hook: Hook) -> None:
        """Await this before the cell takes its first request (resume unfinished work, open clients)."""
        self._at_start.append(hook)

    def at_stop(self, hook: Hook) -> None:
        """Await this when the cell stops, after its tasks are cancelled; the last one in is the first one out."""
        self._at_stop.append(hook)

    def spawn(self, work: Coroutine[Any, Any, None], *, name: str) -> asyncio.Task[None]:
        """Run work beside the requests. A failure is logged; it ends this task and nothing else."""
        task = asyncio.get_running_loop().create_task(_logged(work, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def __aenter__(self) -> Self:
        for hook in self._at_start:
            await hook()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for hook in reversed(self._at_stop):
            await hook()


async def _logged(work: Coroutine[Any, Any, None], name: str) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - the supervisor's boundary: logged, and the cell lives on
        log_failure("background_failed", error, task=name)
