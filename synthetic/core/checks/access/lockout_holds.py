"""Invariant 43: after too many wrong attempts nobody logs in, not with the right password either, until it is over."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.history import History, Login, Restriction
from synthetic.core.outcome import StepOutcome

ATTEMPTS_MAX = 10
"""How many wrong attempts in a row a platform may bear at most (PCI DSS 4.0, 8.3.4)."""


def judge(history: History) -> tuple[Finding, ...] | None:
    """While a lock-out is said to hold, and after too many wrong attempts whether it is said or not, no login is done."""
    attempts = list(_attempts(history))
    tried = [(login, why) for login, why in attempts if why]
    if not tried:
        return None
    return tuple(
        platform(f"player {login.player} logged in (step {login.step}) {why}")
        for login, why in tried
        if login.outcome is StepOutcome.DONE
    )


def _attempts(history: History) -> Iterator[tuple[Login, str]]:
    """Each login with what speaks against it, `""` where nothing does."""
    locked, wrong = False, 0
    for fact in history.facts:
        if isinstance(fact, Restriction) and fact.name == "locked_out":
            locked, wrong = fact.active, 0
        elif isinstance(fact, Login):
            too_many = f"after {wrong} wrong attempts in a row"
            yield fact, "while locked out" if locked else too_many if wrong >= ATTEMPTS_MAX else ""
            wrong = 0 if fact.outcome is StepOutcome.DONE else wrong + (fact.proof == "wrong")


CHECK = Check("lockout-holds", (43,), "after too many wrong attempts nobody logs in until it is over", judge)
