"""Words of the verdict that several of its parts have."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """So many of them: `1 run`, `2 runs`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
