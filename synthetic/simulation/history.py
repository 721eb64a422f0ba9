"""What happened in one seed, in order: told to people, hashed to prove that a seed replays, and judged by the laws."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

LINES_KEPT = 4_000


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a life got the journal to keep, or asked the platform for: `what` it was, of which run, key and account.

    `told` is what the laws need to know beyond that.
    """

    at_ns: int
    life: str
    what: str
    run_id: str = ""
    key: str = ""
    account: str = ""
    told: Any = None


@dataclass(slots=True)
class History:
    """`now_ns` says when. Every line goes into the trace, the last ones are kept for people."""

    now_ns: Callable[[], int]
    acts: list[Act] = field(default_factory=list)
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES_KEPT))
    _trace: Any = field(default_factory=hashlib.sha256)

    def note(self, who: str, what: str) -> None:
        """One line more."""
        line = f"{self.now_ns() / 1e9:10.6f} s  {who:<8} {what}"
        self._trace.update(line.encode())
        self.lines.append(line)

    def act(self, life: str, what: str, run_id: str = "", key: str = "", account: str = "", told: Any = None) -> None:
        """An act, and its line."""
        self.acts.append(Act(self.now_ns(), life, what, run_id, key, account, told))
        self.note(life, " ".join(str(part) for part in (what, run_id, key, account, told) if part not in ("", None)))

    @property
    def trace(self) -> str:
        """The same for two runs in which the same happened at the same times."""
        return str(self._trace.hexdigest())
