"""The audit of a running worker: facts are queued without waiting, and a thread puts them on the disk in groups."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from types import TracebackType
from typing import Self

from synthetic.audit.chain import AuditUnwritable, Chain
from synthetic.audit.entry import Entry, Kind

QUEUE_MAX = 20_000
NOT_OPEN = "it is not open yet"
_GROUP_MAX = 1000


def _tell_nobody(*_: str) -> None:
    return


class AuditLog:
    """Takes facts and never blocks or raises. A context manager; at its end everything that was noted is on the disk.

    Facts are on the disk at most `flush_s` after they were noted: that much a crash can lose. Where the disk refuses, facts wait
    (up to `queue_max`, then they are counted as lost and the chain says so), `audit_failed` hears the reason, and `audit_mended`
    that all is well again. Both are called from the writing thread and must not raise.
    """

    def __init__(
        self,
        open_chain: Callable[[], Chain],
        *,
        audit_failed: Callable[[str], None] = _tell_nobody,
        audit_mended: Callable[[], None] = _tell_nobody,
        wall_ns: Callable[[], int] = time.time_ns,
        flush_s: float = 0.2,
        retry_s: float = 1.0,
        queue_max: int = QUEUE_MAX,
    ) -> None:
        self._open_chain = open_chain
        self._audit_failed = audit_failed
        self._audit_mended = audit_mended
        self._wall_ns = wall_ns
        self._flush_s = flush_s
        self._retry_s = retry_s
        self._queue_max = queue_max
        self._waiting: deque[tuple[int, Entry]] = deque()
        self._changed = threading.Condition()
        self._lost = 0
        self._attempted_at = -1
        self._failed = ""
        self._opened = False
        self._hurried = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    @property
    def failed(self) -> str:
        """Why the audit can't be written at the moment; "" where it can. Before it was opened nobody knows that it can."""
        return self._failed or ("" if self._opened else NOT_OPEN)

    def note(self, entry: Entry) -> None:
        """Keep a fact, with this instant."""
        with self._changed:
            if self._closing or len(self._waiting) >= self._queue_max:
                self._lost += 1
                return
            self._waiting.append((self._wall_ns(), entry))
            if len(self._waiting) == 1:  # of more it knows already; to be woken for each costs more than they do
                self._changed.notify_all()

    def flush(self, within_s: float = 5.0) -> bool:
        """Wait until everything that was noted is on the disk; False where it can't be written, or not within that time."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_written() or bool(self._failed), within_s)
            return self._is_written()

    def close(self, within_s: float = 5.0) -> bool:
        """Write what is waiting and end; False where not everything could be written."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(within_s)
        return self._is_written()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _is_written(self) -> bool:
        return self._opened and not self._waiting and not self._lost

    def _run(self) -> None:
        while True:
            try:
                with self._open_chain() as chain:
                    self._write_what_comes(chain)
                    return
            except AuditUnwritable as error:
                self._fail(str(error))
            except Exception as error:  # noqa: BLE001 - a thread that dies in silence is an audit that nobody misses
                self._fail(f"our own code failed: {type(error).__name__}: {error}")
            with self._changed:
                if self._changed.wait_for(lambda: self._closing, self._retry_s):
                    return

    def _write_what_comes(self, chain: Chain) -> None:
        """Until the end; raises what the disk says. What a failed attempt had written is not written again."""
        if self._attempted_at >= 0:
            self._forget(chain.facts_since(self._attempted_at))
        self._attempted_at = chain.head.count
        self._mend()
        while group := self._next_group():
            self._attempted_at = chain.head.count
            chain.append(group)
            self._attempted_at = chain.head.count
            self._forget(len(group))

    def _next_group(self) -> list[tuple[int, Entry]]:
        """What to write next, once there is something and some more had time to come; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._lost or self._closing)
            self._changed.wait_for(lambda: self._hurried or self._closing, self._flush_s)
            if self._lost:
                self._waiting.append((self._wall_ns(), Entry(Kind.LOST, "audit", data={"facts": self._lost})))
                self._lost = 0
            return [*islice(self._waiting, _GROUP_MAX)]

    def _forget(self, facts: int) -> None:
        with self._changed:
            for _ in range(facts):
                self._waiting.popleft()
            self._hurried = self._hurried and bool(self._waiting)
            self._changed.notify_all()

    def _fail(self, reason: str) -> None:
        with self._changed:
            news, self._failed = not self._failed, reason
            self._changed.notify_all()
        if news:
            self._audit_failed(reason)

    def _mend(self) -> None:
        with self._changed:
            news, self._failed, self._opened = bool(self._failed), "", True
            self._changed.notify_all()
        if news:
            self._audit_mended()
