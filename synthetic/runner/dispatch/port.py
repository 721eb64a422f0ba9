"""What the pacer asks of a dispatcher."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

PlaySlot = Callable[[str, int], Awaitable[str]]
"""Plays the probe of that name at that slot (Unix nanoseconds) and answers in a word or two what became of it."""


class Dispatch(Protocol):
    """Starts ticks. A tick is one probe at one slot, and is played at most once by all workers that share the database."""

    async def start(self, probe: str, slot_ns: int) -> None:
        """Start a tick, and return before it is over. Raises JournalUnavailable where it can't be kept."""

    async def take_over(self, worker: str) -> int:
        """Continue what a dead worker had started. Answers how many ticks."""

    async def forget(self, before_ns: int) -> int:
        """Forget some of the ticks that ended before an instant. Answers how many; 0: there is nothing left to forget."""

    async def drain(self, timeout_s: float) -> bool:
        """Wait until no tick is going. False where some still are when the time is over."""
