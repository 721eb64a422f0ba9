"""Invariant 11: a replay is answered with the id that the first sending was answered with."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.requests import Group, repeated
from synthetic.core.history import History
from synthetic.core.outcome import StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """Compare the answers to everything that was sent again and done again. A refused replay has no id to compare."""
    answered = [(group, ids) for group in repeated(history) if len(ids := _answers(group)) > 1]
    if not answered:
        return None
    return tuple(
        platform(f"{group.first.told} was sent again and answered with {' and '.join(dict.fromkeys(ids))}")
        for group, ids in answered
        if len(set(ids)) > 1
    )


def _answers(group: Group) -> list[str]:
    return [r.answer for r in group.same_body() if r.outcome is StepOutcome.DONE and r.answer]


CHECK = Check("replay-returns-stored-id", (11,), "a replay is answered with the id of the first sending", judge)
