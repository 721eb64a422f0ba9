"""Which core a process may use: so that what measures never takes the time of what is measured."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


def two_cores() -> tuple[frozenset[int], frozenset[int]]:
    """The first core that this process may use, and all others; both are all there are, where that is one core only (Linux)."""
    mine = sorted(os.sched_getaffinity(0))
    return (frozenset(mine[:1]), frozenset(mine[1:])) if len(mine) > 1 else (frozenset(mine), frozenset(mine))


@contextmanager
def on_cores(cores: frozenset[int]) -> Iterator[None]:
    """What is started in this block stays on these cores, with every thread and process that it starts itself."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)
