"""Whether this worker may begin a run at all, by its own health: its audit, and whether it trusts what it measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

ONE_IN = 10  # where it distrusts what it measures, one run in so many goes on: else it would never trust itself again


@dataclass(slots=True)
class Unwell:
    """Answers why no run may begin, or "". `distrust`: why what this worker measures means little, or ""."""

    distrust: Callable[[], str]
    audit_failed: Callable[[], str]
    _distrusted: int = 0

    def __call__(self) -> str:
        """Asked once before each run."""
        if failed := self.audit_failed():
            return f"the audit can't be written: {failed}"
        trouble = self.distrust()
        self._distrusted = self._distrusted + 1 if trouble else 0
        return "" if self._distrusted % ONE_IN == 0 else trouble
