"""The loop with a time of its own: it jumps, keeps one order, and says when everything waits for nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from synthetic.simulation.virtual_loop import Stalled, VirtualLoop


def run(main: Callable[[], Coroutine[Any, Any, Any]], **options: Any) -> tuple[Any, float]:
    loop = VirtualLoop(**options)
    try:
        return loop.run_until_complete(main()), loop.time()
    finally:
        loop.close()


def test_an_hour_of_sleep_takes_no_time() -> None:
    """Virtual seconds pass without real ones."""
    began_s = time.monotonic()
    _, now_s = run(lambda: asyncio.sleep(3600))
    assert now_s == pytest.approx(3600)
    assert time.monotonic() - began_s < 60


def test_deadlines_hold_in_virtual_time() -> None:
    """`asyncio.timeout` fires after its virtual seconds."""

    async def late() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(7):
                await asyncio.sleep(60)
        return asyncio.get_running_loop().time()

    assert run(late)[0] == pytest.approx(7)


def test_what_goes_to_a_thread_runs_here_and_takes_its_time() -> None:
    """`asyncio.to_thread` runs the call on the loop, after the time that I/O takes."""

    async def ask() -> int:
        return await asyncio.to_thread(lambda: 42)

    answer, now_s = run(ask, io_takes_s=lambda: 0.25)
    assert answer == 42
    assert now_s == pytest.approx(0.25)


def test_a_call_runs_although_nobody_waits_for_it_any_more() -> None:
    """As with a thread, what was given away happens, cancelled or not."""
    done: list[str] = []

    async def give_up() -> None:
        task = asyncio.get_running_loop().create_task(asyncio.to_thread(done.append, "written"))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.sleep(1)

    run(give_up, io_takes_s=lambda: 0.5)
    assert done == ["written"]


def test_waiting_for_nothing_is_an_error_at_once() -> None:
    """Where no timer and no task can end a wait, the loop says who waits."""

    async def for_ever() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Stalled, match="task-1"):
        run(for_ever)


def test_a_group_cancels_its_tasks_in_the_order_in_which_they_began() -> None:
    """Sets of tasks have one order, whatever their addresses are."""

    async def cancelled() -> list[int]:
        order: list[int] = []

        async def one(number: int) -> None:
            try:
                await asyncio.sleep(60)
            finally:
                order.append(number)

        async def group_that_fails() -> None:
            async with asyncio.TaskGroup() as group:
                for number in range(50):
                    group.create_task(one(number))
                await asyncio.sleep(1)
                raise LookupError

        with pytest.raises(ExceptionGroup):
            await group_that_fails()
        return order

    assert run(cancelled)[0] == list(range(50))
