"""A worker that kills itself: `synthetic serve`, with a SIGKILL before, inside or after one call of its journal.

Production code has no such hook: the calls are wrapped here, in the worker's own process, before it begins.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from synthetic.cli.main import main
from synthetic.journal.book import Book
from synthetic.journal.database import Transaction
from synthetic.journal.postgres_database import PostgresDatabase
from synthetic.journal.sqlite_database import SqliteDatabase

CALLS = (
    "claim_slot",
    "admit",
    "set_baseline",
    "intend",
    "resolve",
    "close_run",
    "end_slot",
    "settle_slot",
    "miss_slots",
    "renew",
    "beat",
    "take_over",
    "postpone",
    "together",
)
RARE = ("take_over", "postpone", "miss_slots", "end_slot")  # they do not come often in a worker's short life
COMMITS = ("commit:before", "commit:after")
POINTS = (*(f"{call}:{side}" for call in CALLS for side in ("before", "after")), *COMMITS)
"""Every place where the journal changes: around each call, and around the commit of a transaction that many calls may share.

Within `together` a call changes nothing for good: after it, and before `together` is, the transaction is open.
"""


class Doom:
    """Counts how often a point has come, and ends the process at the last time, without any clean-up.

    It counts from when the worker has a run, its own or one that it takes over: who dies before has nothing to lose.
    """

    def __init__(self, point: str, number: int) -> None:
        self._point = point
        self._left = number
        self._at_work = False

    def begun(self) -> None:
        """The worker has a run."""
        self._at_work = True

    def pass_by(self, point: str) -> None:
        """The process is at this point."""
        if self._at_work and point == self._point:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


def doom(point: str, number: int) -> None:
    """Wrap the journal of this process."""
    fate = Doom(point, number)
    for call in CALLS:
        setattr(Book, call, _around(call, getattr(Book, call), fate))
    for database in (SqliteDatabase, PostgresDatabase):
        setattr(database, "write", _in_transaction(database.write, fate))  # noqa: B010 - mypy refuses the assignment


def _around(call: str, usual: Callable[..., Any], fate: Doom) -> Callable[..., Any]:
    @functools.wraps(usual)
    def wrapped(*given: Any, **named: Any) -> Any:
        if call == "take_over":
            fate.begun()  # the run is there already, and may be its last chance
        fate.pass_by(f"{call}:before")
        answer = usual(*given, **named)
        if call == "admit" and answer is not None:
            fate.begun()
        fate.pass_by(f"{call}:after")
        return answer

    return wrapped


def _in_transaction(usual: Callable[..., AbstractContextManager[Transaction]], fate: Doom) -> Any:
    @contextmanager
    def write(self: Any) -> Iterator[Transaction]:
        with usual(self) as transaction:
            yield transaction
            fate.pass_by("commit:before")
        fate.pass_by("commit:after")

    return write


def serve(arguments: list[str], log: str, point: str, number: int) -> None:
    """Be `synthetic serve` until killed: by somebody else, or by oneself at the `number`-th time that `point` comes ("": never).

    It runs in a process that was forked for it; what it says goes to the end of the file `log`.
    """
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    if point:
        doom(point, number)
    sys.argv[1:] = ["serve", *arguments]
    sys.exit(main())
