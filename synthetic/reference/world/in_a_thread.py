"""A whole platform, or a single part of it, in a thread of its own: for tests and contract suites that talk to it beside."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from typing import TypeVar

from starlette.applications import Starlette

from synthetic.reference.world.serving import bound, serving
from synthetic.reference.world.world import World, WorldSettings, running_world

T = TypeVar("T")
STARTED_WITHIN_S = 60.0


def world_in_a_thread(settings: WorldSettings) -> AbstractContextManager[World]:
    """Start a world and serve it beside the caller; at the end it is stopped, and what it raised is raised here."""
    return _in_a_thread(lambda: running_world(settings))


def app_in_a_thread(name: str, app: Starlette) -> AbstractContextManager[str]:
    """Serve one app on a free loopback port; the value is its URL."""
    return _in_a_thread(lambda: _serving(name, app))


@asynccontextmanager
async def _serving(name: str, app: Starlette) -> AsyncIterator[str]:
    with bound([name]) as listeners:
        async with serving({name: app}, listeners):
            yield listeners[name].url


@contextmanager
def _in_a_thread(open_: Callable[[], AbstractAsyncContextManager[T]]) -> Iterator[T]:
    started: Future[tuple[T, Callable[[], None]]] = Future()
    ended: Future[None] = Future()

    def run() -> None:
        try:
            asyncio.run(_hold(open_, started))
            ended.set_result(None)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            (ended if started.done() else started).set_exception(error)

    thread = threading.Thread(target=run, name="reference world", daemon=True)
    thread.start()
    opened, stop = started.result(STARTED_WITHIN_S)
    try:
        yield opened
    finally:
        stop()
        ended.result(STARTED_WITHIN_S)
        thread.join(5)


async def _hold(
    open_: Callable[[], AbstractAsyncContextManager[T]], started: Future[tuple[T, Callable[[], None]]]
) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    async with open_() as opened:

        def end() -> None:
            loop.call_soon_threadsafe(stop.set)

        started.set_result((opened, end))
        await stop.wait()
