"""Sums of amounts as laws need them: one per currency, of any size, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from synthetic.core.money import Money, MoneyError, exponent


def sums(amounts: Iterable[Money]) -> dict[str, int]:
    """Minor units per currency, without what is zero: euros that were taken can't be given back as dollars."""
    totals: dict[str, int] = {}
    for amount in amounts:
        totals[amount.currency] = totals.get(amount.currency, 0) + amount.minor
    return {currency: minor for currency, minor in sorted(totals.items()) if minor}


def written(minor: int, currency: str) -> str:
    """Minor units as an amount, `1.00 EUR`; a sum may be larger than any single amount."""
    return f"{Decimal(minor).scaleb(-exponent(currency)):f} {currency}"


def in_words(totals: Mapping[str, int]) -> str:
    """`1.00 EUR`, `1.00 EUR and 2.00 USD`, or `nothing`."""
    return " and ".join(written(minor, currency) for currency, minor in totals.items()) or "nothing"


def listed(amounts: Iterable[Money]) -> str:
    """`1.00 EUR, 1.00 EUR`, or `none`."""
    return ", ".join(str(amount) for amount in amounts) or "none"


def as_money(minor: int, currency: str) -> Money | None:
    """A sum as one amount; None where it is larger than any amount can be."""
    try:
        return Money(minor, currency)
    except MoneyError:
        return None
