"""A courier takes what is to be exported to a thread of its own: whoever hands it over never waits, whatever the collector does."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

QUEUE_MAX = 4096
BATCH_MAX = 512


class OnChange:
    """Tells when something goes wrong and when it is well again, and nothing in between. "" is well."""

    def __init__(self, told: Callable[[str], None]) -> None:
        self._told = told
        self.problem = ""

    def __call__(self, problem: str) -> None:
        """How it is now."""
        if bool(problem) != bool(self.problem):
            self._told(problem)
        self.problem = problem


class Courier(Generic[T]):
    """Sends items in batches. What does not fit into the queue is dropped and counted: a trace is worth less than a measurement.

    `send` blocks and answers why it failed ("": it did not). `told` hears, from the courier's thread, when the collector is lost
    and when it is back, once each.
    """

    def __init__(
        self,
        name: str,
        send: Callable[[Sequence[T]], str],
        *,
        told: Callable[[str], None],
        every_s: float = 2.0,
    ) -> None:
        self._send = send
        self._outcome = OnChange(told)
        self._every_s = every_s
        self._queue: deque[T] = deque()
        self._wake = threading.Event()
        self._ending = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._go, name=f"synthetic-otlp-{name}", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many items have not been taken yet."""
        return len(self._queue)

    def put(self, items: Sequence[T]) -> None:
        """Hand over items that belong together: all of them, or none where the queue is full."""
        if self._ending or len(self._queue) + len(items) > QUEUE_MAX:
            self.dropped += len(items)
            return
        self._queue.extend(items)
        if len(self._queue) >= BATCH_MAX:
            self._wake.set()

    def close(self, within_s: float) -> bool:
        """Send what is left, for so long at most; whether all of it was."""
        self._ending = True
        self._wake.set()
        self._thread.join(within_s)
        return not self._thread.is_alive() and not self._queue

    def _go(self) -> None:
        while not self._ending:
            self._wake.wait(self._every_s)
            self._wake.clear()
            self._send_all()
        self._send_all()

    def _send_all(self) -> None:
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(BATCH_MAX, len(self._queue)))]
            self._outcome(self._send(batch))
            if self._outcome.problem and self._ending:
                return
