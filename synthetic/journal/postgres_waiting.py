"""A Postgres connection that waits for an answer so long and no longer.

The server's own time-outs bound what the server does, and TCP's bound a cut cable; neither bounds a proxy that stands still.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import cache
from typing import Any

import psycopg


@cache
def bounded(answer_s: float) -> type[psycopg.Connection[tuple[Any, ...]]]:
    """A class of connections whose every wait raises OperationalError after so long; the connection is of no use then."""

    class Bounded(psycopg.Connection[tuple[Any, ...]]):
        def wait(self, gen: Generator[Any, Any, Any], *given: Any, **named: Any) -> Any:
            return super().wait(_within(gen, answer_s), *given, **named)

    return Bounded


def _within(waiting: Generator[Any, Any, Any], answer_s: float) -> Generator[Any, Any, Any]:
    """The same, but not for ever: psycopg asks it again every tenth of a second, also when nothing has come."""
    deadline_s = time.monotonic() + answer_s
    try:
        wanted = next(waiting)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > deadline_s:
                raise psycopg.OperationalError(f"no answer within {answer_s:g} s")
            wanted = waiting.send(ready)
    except StopIteration as end:
        return end.value
