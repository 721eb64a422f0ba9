"""Invariant 14: of N duplicates that are under way at the same time, one moves money."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.requests import broken_groups
from synthetic.core.history import History


def judge(history: History) -> tuple[Finding, ...] | None:
    """Count the postings of requests whose sendings overlapped."""
    broken = broken_groups(history, lambda group: group.is_concurrent())
    if broken is None:
        return None
    return tuple(
        platform(f"{group.first.told} was sent {len(group.requests)} times at once and posted {len(own)} times")
        for group, own in broken
    )


CHECK = Check("concurrent-duplicates-move-once", (14,), "of duplicates sent at the same time one moves money", judge)
