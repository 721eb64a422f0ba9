"""Opening a chain with the key and the anchors that this machine's environment names."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from synthetic.audit.chain import Chain

KEY_VARIABLE = "SYNTHETIC_AUDIT_KEY"
ANCHORS_VARIABLE = "SYNTHETIC_AUDIT_ANCHORS"


def open_chain(folder: Path, name: str, *, wall_ns: Callable[[], int] = time.time_ns) -> Chain:
    """The chain of a worker, or of those who work by hand. Raises AuditUnwritable."""
    return Chain(folder, name, anchors=anchors_here(), key=key_here(), wall_ns=wall_ns)


def key_here() -> bytes | None:
    """The key of the anchors' seals; None: they bear only their own hash."""
    return os.environ.get(KEY_VARIABLE, "").encode(errors="surrogateescape") or None


def anchors_here() -> Path | None:
    """Where the anchors lie; None: beside their chains."""
    named = os.environ.get(ANCHORS_VARIABLE, "")
    return Path(named) if named else None
