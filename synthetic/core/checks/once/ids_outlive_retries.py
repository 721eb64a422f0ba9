"""Invariant 15: an id is known for longer than anybody retries: a late repetition moves nothing again."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.requests import Group, broken_groups
from synthetic.core.history import History, WalletCall


def judge(history: History) -> tuple[Finding, ...] | None:
    """Count the postings of calls that were sent again after a pause (a provider retries a win for 24 hours)."""
    broken = broken_groups(history, lambda group: group.is_late() and not group.is_concurrent())
    if broken is None:
        return None
    return tuple(
        platform(f"{group.first.told} was sent again {_pause(group)} later and posted {len(own)} times")
        for group, own in broken
    )


def _pause(group: Group) -> str:
    delay_s = max(request.fact.delay_s for request in group.requests if isinstance(request.fact, WalletCall))
    return f"{delay_s // 3600} h" if delay_s >= 3600 else f"{delay_s} s"


CHECK = Check("ids-outlive-retries", (15,), "an id is known for longer than anybody retries under it", judge)
