"""Keeps Python's own pauses out of the measurements while runs are played.

A full collection over the loaded plans takes 40 to 100 ms (measured), which the harness would have to book as its own lag. What
is loaded stays, so it need not be looked through; what a run leaves behind is mostly freed by reference counts.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Allocations before a young collection, young ones before a middle one, middle ones before a full one.
THRESHOLDS = (20_000, 50, 1_000)

SWITCH_S = 0.0005
"""How long a thread may compute while another one waits for its turn. With Python's own 5 ms an event loop that shares its process
with a thread that decides for 70 ms a second handed out every hundredth slot 119 ms late; with this, 14 ms (measured)."""


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


@contextmanager
def quiet_service() -> Iterator[Callable[[], None]]:
    """For a process that serves for ever: its event loop waits neither for full collections of what is loaded nor for threads.

    Yields what sets everything aside that is loaded by then: to be called once all is up, and whenever much has been loaded anew.
    What comes and goes is collected as usual, as there is no end at which it would be.
    """
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield _set_loaded_aside
    finally:
        sys.setswitchinterval(usual_s)
        gc.unfreeze()


def _set_loaded_aside() -> None:
    gc.unfreeze()
    gc.collect()
    gc.freeze()
