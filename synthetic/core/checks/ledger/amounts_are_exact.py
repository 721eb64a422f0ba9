"""Invariant 5: amounts travel as integers or decimal texts, never as floats."""

from __future__ import annotations

import re

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.history import History, WireAmounts

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def judge(history: History) -> tuple[Finding, ...] | None:
    """Look at every amount as it stood in its message."""
    told = [fact for fact in history.of(WireAmounts) if fact.values]
    if not told:
        return None
    return tuple(
        platform(f"{fact.where} has the amount {value!r}, which is {_kind(value)}")
        for fact in told
        for value in fact.values
        if not _is_exact(value)
    )


def _is_exact(value: object) -> bool:
    if isinstance(value, str):
        return _DECIMAL.fullmatch(value) is not None
    return isinstance(value, int) and not isinstance(value, bool)


def _kind(value: object) -> str:
    return "a float" if isinstance(value, float) else "neither a whole number nor a decimal text"


CHECK = Check("amounts-are-exact", (5,), "amounts on the wire are whole numbers or decimal texts, never floats", judge)
