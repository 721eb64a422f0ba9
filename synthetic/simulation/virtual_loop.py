"""An asyncio event loop with a time of its own: where nothing is ready, it jumps to the next timer.

The order of everything is the same each time, sets of tasks included, so that a seed replays a run exactly. A wait that no timer
and no task can end is an error at once, as it would hang for ever.
"""

from __future__ import annotations

import asyncio
from asyncio import base_events
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from itertools import count
from typing import Any, TypeVar

T = TypeVar("T")
_NS = 1_000_000_000


class Stalled(Exception):  # noqa: N818 - it says what the loop is
    """Everything waits, and there is nothing that any of it could wait for."""


class OrderedTask(asyncio.Task[T]):
    """A task whose place in a set is its number and not its address, so that groups cancel in the same order each time."""

    def __init__(self, coroutine: Any, number: int, **options: Any) -> None:
        self._number = number
        super().__init__(coroutine, **options)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(base_events.BaseEventLoop):
    """Time begins at 0. What goes to a thread elsewhere (`asyncio.to_thread`) runs here, `io_takes_s` later.

    `born` is told of each task that begins, in its order.
    """

    def __init__(
        self, *, io_takes_s: Callable[[], float] = lambda: 0.0, born: Callable[[asyncio.Task[Any]], None] | None = None
    ) -> None:
        super().__init__()
        self._selector = _Jumping(self)
        self._clock_resolution = 1e-9
        self._now_s = 0.0
        self._io_takes_s = io_takes_s
        self._born = born
        self._tasks_made = count(1)
        self.jumps = 0
        self.set_task_factory(self._make_task)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._now_s

    def now_ns(self) -> int:
        """The same in nanoseconds."""
        return round(self._now_s * _NS)

    def jump(self, seconds: float | None) -> None:
        """Let time pass until the next timer. Raises Stalled where there is none."""
        if seconds is None:
            waiting = sorted(task.get_name() for task in asyncio.all_tasks(self))
            raise Stalled(f"all tasks wait for nothing: {', '.join(waiting) or 'there is none'}")
        if seconds > 0:
            self._now_s += seconds
            self.jumps += 1

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]  # noqa: ARG002 - there are no threads
        """Run the call on this loop, a little later. It runs even where nobody waits for it any more, as a thread would."""
        future: asyncio.Future[Any] = self.create_future()
        self.call_later(self._io_takes_s(), _run_call, future, func, args)
        return future

    def _make_task(
        self, _loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T] | Generator[Any, None, T],
        context: Context | None = None, **options: Any,
    ) -> asyncio.Task[T]:  # fmt: skip
        number = next(self._tasks_made)
        options.setdefault("name", f"task-{number}")
        task: asyncio.Task[T] = OrderedTask(coroutine, number, loop=self, context=context, **options)
        if self._born is not None:
            self._born(task)
        return task

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no sockets."""

    def _write_to_self(self) -> None:
        """There are no other threads to be woken by."""


class _Jumping:
    """What stands where a loop has its selector: nothing ever comes from outside, so the wait is over at once."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        self._loop.jump(timeout)
        return []


def _run_call(future: asyncio.Future[Any], func: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        result = func(*args)
    except BaseException as error:  # noqa: BLE001 - whoever waits gets it, a simulated end of the process included
        if not future.done():
            future.set_exception(error)
    else:
        if not future.done():
            future.set_result(result)
