"""Pact, which sends usage events unless it is told not to before it is loaded, and writes to standard output what it verifies.

Everything here imports it from this module.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("PACT_DO_NOT_TRACK", "true")

from pact import Pact, Verifier

__all__ = ["Pact", "Verifier", "unheard"]


@contextmanager
def unheard() -> Iterator[None]:
    """Nothing that Pact writes to standard output is seen: its results are told by us, once."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
