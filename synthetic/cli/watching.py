"""Waiting for files to change, by their modification times: works on every file system, also over a network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

LOOK_EVERY_S = 0.4


def changes(files: Callable[[], Iterable[Path]]) -> Iterator[None]:
    """Yields at once, and then each time that a file changes, comes or goes. `files` is asked anew at each look."""
    seen = None
    while True:
        now = _stamps(files())
        if now != seen:
            seen = now
            yield
        else:
            time.sleep(LOOK_EVERY_S)


def _stamps(files: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    stamps = {}
    for path in files:
        try:
            status = path.stat()
        except OSError:
            continue  # it went between the listing and the look
        stamps[path] = (status.st_mtime_ns, status.st_size)
    return stamps
