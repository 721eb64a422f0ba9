"""The supervisor of an app's tasks: it starts and ends with the app, and no failure is silent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from synthetic.reference.background import Background


async def fail() -> None:
    """Work with a bug."""
    raise RuntimeError("a bug")


async def wait_forever() -> None:
    """Work that only a cancellation ends."""
    await asyncio.Event().wait()


def test_tasks_are_cancelled_between_the_hooks() -> None:
    """Start hooks in order, then life, then the tasks' end, then stop hooks in reverse order."""
    heard: list[str] = []

    def note(what: str) -> Callable[[], Awaitable[None]]:
        async def hook() -> None:
            heard.append(what)

        return hook

    async def work() -> None:
        try:
            await wait_forever()
        finally:
            heard.append("cancelled")

    async def live() -> None:
        background = Background()
        for name in ("first", "second"):
            background.at_start(note(f"start {name}"))
            background.at_stop(note(f"stop {name}"))
        async with background.lifespan():
            background.spawn(work(), name="endless")
            await asyncio.sleep(0)

    asyncio.run(live())
    assert heard == ["start first", "start second", "cancelled", "stop second", "stop first"]


def test_a_failure_is_logged_and_ends_its_own_task_only(caplog: pytest.LogCaptureFixture) -> None:
    """The log names the task and has the traceback; a cancelled task is no failure."""

    async def live() -> None:
        background = Background()
        async with background.lifespan():
            endless = background.spawn(wait_forever(), name="endless")
            await asyncio.wait([background.spawn(fail(), name="capture of pi_1")])
            assert not endless.done()

    asyncio.run(live())
    assert [told for told in caplog.messages if "background" in told] == ["background work failed: capture of pi_1"]
    assert "RuntimeError: a bug" in caplog.text


def test_whoever_awaits_a_task_gets_its_result_or_its_failure() -> None:
    """A request may wait for work that goes on without it."""

    async def answer() -> int:
        return 42

    async def live() -> None:
        background = Background(on_failure=lambda _name, _error: None)
        async with background.lifespan():
            assert await background.spawn(answer(), name="answers") == 42
            with pytest.raises(RuntimeError, match="a bug"):
                await background.spawn(fail(), name="fails")

    asyncio.run(live())
