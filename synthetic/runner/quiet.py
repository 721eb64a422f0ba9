"""Keeps Python's own pauses out of the measurements while runs are played.

A full collection over the loaded plans takes 40 to 100 ms (measured), which the harness would have to book as its own lag. What
is loaded stays, so it need not be looked through; what a run leaves behind is mostly freed by reference counts.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Allocations before a young collection, young ones before a middle one, middle ones before a full one.
THRESHOLDS = (20_000, 50, 1_000)


@contextmanager
def quiet_collector() -> Iterator[None]:
    """Set everything that is loaded aside from collection, and collect seldom, until the end of the block."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
