"""Invariant 7: an amount in a provider's units is the same amount when it is read back."""

from __future__ import annotations

import re

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.history import Conversion, History
from synthetic.core.money import exponent

_WHOLE = re.compile(r"-?[0-9]{1,40}")


def judge(history: History) -> tuple[Finding, ...] | None:
    """Read every amount in finer units back, and compare; not a unit may be lost or made."""
    units = [fact for fact in history.of(Conversion) if fact.per_unit > 0]
    if not units:
        return None
    return tuple(
        platform(f"{fact.where} writes {fact.amount} as {fact.written} units of {fact.per_unit} to one")
        for fact in units
        if not _is_same(fact)
    )


def _is_same(fact: Conversion) -> bool:
    """written / per_unit = minor / 10^exponent, in whole numbers."""
    if not _WHOLE.fullmatch(fact.written):
        return False
    scale: int = 10 ** exponent(fact.amount.currency)
    return int(fact.written) * scale == fact.amount.minor * fact.per_unit


CHECK = Check("units-round-trip", (7,), "an amount in a provider's units is the same amount when read back", judge)
