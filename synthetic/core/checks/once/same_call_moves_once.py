"""Invariant 10: the same id with the same body moves money once, however often it is sent, one sending after the other."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.requests import broken_groups
from synthetic.core.history import History


def judge(history: History) -> tuple[Finding, ...] | None:
    """Count the postings of everything that was sent again. Duplicates in one instant and late ones are laws of their own."""
    broken = broken_groups(history, lambda group: not group.is_concurrent() and not group.is_late())
    if broken is None:
        return None
    return tuple(
        platform(f"{group.first.told} was sent {len(group.requests)} times and posted {len(own)} times")
        for group, own in broken
    )


CHECK = Check("same-call-moves-once", (10,), "a request that is sent again moves nothing again", judge)
