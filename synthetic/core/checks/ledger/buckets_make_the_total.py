"""Invariant 8: cash, bonus and locked money together are the total."""

from __future__ import annotations

from synthetic.core.checks.amounts import in_words, sums
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.history import Balance, History


def judge(history: History) -> tuple[Finding, ...] | None:
    """Add up the parts of every balance that was shown whole."""
    findings, whole = [], False
    for shown in history.of(Balance):
        if shown.bonus is None or shown.locked is None or shown.total is None:
            continue
        whole = True
        parts = sums((shown.cash, shown.bonus, shown.locked))
        if parts != sums((shown.total,)):
            findings.append(
                platform(f"step {shown.step} shows a total of {shown.total}; its parts make {in_words(parts)}")
            )
    return tuple(findings) if whole else None


CHECK = Check("buckets-make-the-total", (8,), "cash, bonus and locked money make the total", judge)
