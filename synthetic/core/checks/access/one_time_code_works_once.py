"""Invariant 42: a one-time code works once."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.history import History, Login
from synthetic.core.outcome import StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """Of all logins of a player with one code, one may succeed."""
    used: dict[tuple[str, str], list[Login]] = {}
    for login in history.of(Login):
        if login.one_time:
            used.setdefault((login.player, login.one_time), []).append(login)
    again = {player: logins for (player, _), logins in used.items() if len(logins) > 1}
    if not again:
        return None
    return tuple(
        platform(f"one code logged player {player} in {count} times")
        for player, logins in again.items()
        if (count := sum(login.outcome is StepOutcome.DONE for login in logins)) > 1
    )


CHECK = Check("one-time-code-works-once", (42,), "a one-time code logs in once", judge)
