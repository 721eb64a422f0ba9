"""Invariant 41: a login makes a new session id; one that was known before is not taken over (session fixation)."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.history import History, Login
from synthetic.core.outcome import StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """Compare the session after each login with those that there were before it."""
    findings, judged = [], False
    known: set[str] = set()
    for login in history.of(Login):
        if login.outcome is not StepOutcome.DONE or not login.session:
            continue
        before = known | ({login.previous} - {""})
        judged = judged or bool(before)
        if login.session in before:
            findings.append(platform(f"the login of step {login.step} kept the session id that was held before it"))
        known.add(login.session)
    return tuple(findings) if judged else None


CHECK = Check("session-rotates-at-login", (41,), "a login makes a session id that was not known before", judge)
