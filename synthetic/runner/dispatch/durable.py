"""Ticks as DBOS workflows: a tick is written down before it is played, and the same tick of two workers is played by one of them.

The grain is a tick, never a request: a DBOS step costs milliseconds. A workflow that is entered again after a crash finds its slot
claimed in the journal, and never resumes a money flow: the compensator brings home what its runs had moved.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from typing import Any, ParamSpec, TypeVar

from dbos import DBOS, DBOSConfig, SetWorkflowID
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from synthetic.core.errors import HarnessError, JournalUnavailable
from synthetic.runner.dispatch.port import PlaySlot

P = ParamSpec("P")
T = TypeVar("T")
WORKFLOW = "synthetic-tick"
THREADS = 8  # that write ticks down
# Ticks, each with a thread of DBOS that waits for it: `limits.at_once` (at most 1024), and some refused.
GOING_MAX = 1_100
ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
FORGET_MAX = 500
LOOK_EVERY_S = 0.05
VERSION = "1"  # of the workflow's arguments: an update of the package still finishes the ticks of the one before


class DurableDispatch:
    """`Dispatch` through DBOS. `url`: a SQLAlchemy URL of SQLite or Postgres; `worker`: a name that no other living process has.

    DBOS is one for a process. Create it in the loop that plays. Raises HarnessError where its database can't be used.
    """

    def __init__(self, url: str, worker: str, play: PlaySlot) -> None:
        self._loop = asyncio.get_running_loop()
        self._play = play
        self._threads = ThreadPoolExecutor(THREADS, "synthetic-dispatch")
        self._going = 0
        self._ending = False
        self._worker = worker
        _make_quick(url)
        self._dbos = DBOS(config=_config(url, worker))

        async def tick(probe: str, slot_ns: int) -> str:
            if asyncio.get_running_loop() is self._loop:
                return await self._counted(probe, slot_ns)
            # DBOS enters a workflow again on a loop of its own; what a worker plays lives on the worker's.
            playing = asyncio.run_coroutine_threadsafe(self._counted(probe, slot_ns), self._loop)
            return await asyncio.wrap_future(playing)

        self._workflow: Callable[..., Any] = DBOS.workflow(name=WORKFLOW, max_recovery_attempts=1_000)(tick)
        try:
            DBOS.launch()
        except SQLAlchemyError as error:
            DBOS.destroy(destroy_registry=True)
            raise HarnessError(f"the database of the schedule can't be used: {_first_line(error)}") from None

    async def start(self, probe: str, slot_ns: int) -> None:
        """Write the tick down and start it, unless another worker has."""
        try:
            await self._off_loop(self._start, probe, slot_ns)
        except SQLAlchemyError as error:
            raise JournalUnavailable(f"the database of the schedule can't be used: {_first_line(error)}") from None

    def _start(self, probe: str, slot_ns: int) -> None:
        if self._ending:
            return  # it has waited for a thread until the end; nobody would play it
        with SetWorkflowID(f"{probe}@{slot_ns}"):
            DBOS.start_workflow(self._workflow, probe, slot_ns)

    async def take_over(self, worker: str) -> int:
        """Continue the ticks of a dead worker here."""
        try:
            return await self._off_loop(self._resume, worker)
        except SQLAlchemyError as error:
            raise JournalUnavailable(f"the database of the schedule can't be used: {_first_line(error)}") from None

    def _resume(self, worker: str) -> int:
        pending = DBOS.list_workflows(status="PENDING", executor_id=worker, name=WORKFLOW, load_input=False)
        for workflow in pending:
            DBOS.resume_workflow(workflow.workflow_id)
        return len(pending)

    async def _off_loop(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """In a thread of our own: DBOS's asyncio calls would put the threads of the whole loop under its own few, and end them."""
        return await self._loop.run_in_executor(self._threads, partial(call, *args, **kwargs))

    async def forget(self, before_ns: int) -> int:
        """Forget some of the ticks that ended before an instant."""
        try:
            return await self._off_loop(self._forget, datetime.fromtimestamp(before_ns / 1e9, UTC).isoformat())
        except SQLAlchemyError as error:
            raise JournalUnavailable(f"the database of the schedule can't be used: {_first_line(error)}") from None

    def _forget(self, before: str) -> int:
        old = DBOS.list_workflows(
            name=WORKFLOW, status=list(ENDED), end_time=before, limit=FORGET_MAX, load_input=False, load_output=False
        )
        if old:
            DBOS.delete_workflows([workflow.workflow_id for workflow in old])
        return len(old)

    async def drain(self, timeout_s: float) -> bool:
        """Wait until no tick is going, then end DBOS. Ticks that are still going are left to the next start."""
        self._ending = True
        with contextlib.suppress(TimeoutError, SQLAlchemyError):
            async with asyncio.timeout(timeout_s):
                # What was started a moment ago is not going yet; DBOS knows of it.
                while self._going or await self._off_loop(self._pending):  # noqa: ASYNC110 - it is in a database
                    await asyncio.sleep(LOOK_EVERY_S)
        left = self._going
        await self._off_loop(DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=0)
        self._threads.shutdown(wait=False, cancel_futures=True)
        return not left

    def _pending(self) -> bool:
        return bool(
            DBOS.list_workflows(status="PENDING", executor_id=self._worker, name=WORKFLOW, limit=1, load_input=False)
        )

    async def _counted(self, probe: str, slot_ns: int) -> str:
        self._going += 1
        try:
            return await self._play(probe, slot_ns)
        finally:
            self._going -= 1


def _make_quick(url: str) -> None:
    """Have a SQLite file keep a write-ahead log, which DBOS would not: its ticks waited a tenth of a second for each other's locks.

    It stays so with the file. Raises HarnessError where the file can't be used.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        return
    try:
        with closing(sqlite3.connect(address.database)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.Error as error:
        raise HarnessError(f"the database of the schedule can't be used: {error}") from None


def _config(url: str, worker: str) -> DBOSConfig:
    for name in ("dbos", "dbos.scheduler"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return DBOSConfig(
        name="synthetic",
        system_database_url=url,
        executor_id=worker,
        application_version=VERSION,
        console_log_level="ERROR",
        enable_otlp=False,
        max_executor_threads=GOING_MAX,
        db_engine_kwargs={"pool_pre_ping": not url.startswith("sqlite")},  # a file is not lost as a connection is
        notification_listener_polling_interval_sec=1.0,
        scheduler_polling_interval_sec=60.0,
    )


def _first_line(error: Exception) -> str:
    """What went wrong, without the statement and without the URL."""
    with contextlib.suppress(AttributeError):
        return str(error.orig).splitlines()[0]  # type: ignore[attr-defined]
    return type(error).__name__
