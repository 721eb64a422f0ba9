"""Invariant 6: an amount is written with the decimals that its currency has (JPY 0, EUR 2, KWD 3)."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.history import Conversion, History
from synthetic.core.money import Money, MoneyError, exponent


def judge(history: History) -> tuple[Finding, ...] | None:
    """Read every decimal text of a boundary as its currency says, and compare it with the amount that it stands for."""
    texts = [fact for fact in history.of(Conversion) if fact.per_unit == 0]
    if not texts:
        return None
    return tuple(finding for fact in texts if (finding := _judge_one(fact)) is not None)


def _judge_one(fact: Conversion) -> Finding | None:
    currency = fact.amount.currency
    try:
        read = Money.from_decimal(fact.written, currency)
    except MoneyError:
        return platform(
            f"{fact.where} writes {fact.amount} as {fact.written!r}; {currency} has {exponent(currency)} decimals"
        )
    return None if read == fact.amount else platform(f"{fact.where} writes {fact.amount} as {fact.written!r}")


CHECK = Check("exponent-is-respected", (6,), "an amount has the decimals that its currency has", judge)
