"""Work that outlives a request: tasks that start and end with their app, and are never silent when they fail."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

T = TypeVar("T")

Hook = Callable[[], Awaitable[None]]
FailureLog = Callable[[str, BaseException], None]  # the task's name, what it raised

_log = logging.getLogger(__name__)


def _log_failure(name: str, error: BaseException) -> None:
    _log.error("background work failed: %s", name, exc_info=error)


class Background:
    """The supervisor of one app's tasks. `on_failure` logs what a task raised."""

    def __init__(self, on_failure: FailureLog = _log_failure) -> None:
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[Any]] = set()
        self._at_start: list[Hook] = []
        self._at_stop: list[Hook] = []

    def at_start(self, hook: Hook) -> None:
        """Await this before the app takes its first request (resume unfinished work, open clients)."""
        self._at_start.append(hook)

    def at_stop(self, hook: Hook) -> None:
        """Await this when the app stops, after its tasks are cancelled; the last one in is the first one out."""
        self._at_stop.append(hook)

    def spawn(self, work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Run work beside the requests; any number of them may await the task. A failure ends this task and nothing else."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    @asynccontextmanager
    async def lifespan(self, _app: object = None) -> AsyncIterator[None]:
        """The app's life, in the form that Starlette takes it: hooks before and after, and no task survives it."""
        for hook in self._at_start:
            await hook()
        try:
            yield
        finally:
            await self._stop()

    async def _stop(self) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for hook in reversed(self._at_stop):
            await hook()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_failure(task.get_name(), error)
