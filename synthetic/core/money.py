"""Money: integer minor units with an ISO 4217 currency, and the ways it is written on a wire. Never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow
from functools import cache

from synthetic.core.quick import quick

# ISO 4217 (list one): currencies whose minor unit is not a hundredth.
_EXPONENTS = (
    dict.fromkeys(("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF").split(), 0)
    | dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)
    | {"CLF": 4, "UYW": 4}
)
_WRITTEN = re.compile(r"\s*(-?[0-9]+(?:\.[0-9]+)?)\s+([A-Z]{3})\s*")
_SHORT = 20  # characters of an amount that is read without Decimal, as nearly all are
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
# Far wider than any amount, and it refuses what it can't hold instead of rounding it.
_EXACT = Context(prec=60, Emax=60, Emin=-60, traps=[InvalidOperation, Inexact, Overflow])
MINOR_MAX = 2**53  # beyond it JSON readers lose units


class MoneyError(ValueError):
    """An amount that can't be money: wrong form, more digits than the currency has, or two currencies mixed."""


@cache
def exponent(currency: str) -> int:
    """How many decimal digits the currency has (ISO 4217): EUR 2, JPY 0, KWD 3. Raises MoneyError."""
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise MoneyError(f"{currency!r} is not an ISO 4217 currency code such as EUR")
    return _EXPONENTS.get(currency, 2)


@quick
@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units of one currency: `Money(100, "EUR")` is 1.00 EUR."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int and (isinstance(self.minor, bool) or not isinstance(self.minor, int)):
            raise MoneyError(f"{self.minor!r} is not a whole number of minor units")
        if not -MINOR_MAX <= self.minor <= MINOR_MAX:
            raise MoneyError(f"{self.minor} minor units are out of range")
        exponent(self.currency)

    @classmethod
    def parse(cls, text: str) -> Money:
        """Read the written form `1.00 EUR`. Raises MoneyError."""
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise MoneyError(f"{text!r} is not money; write it as '1.00 EUR'")
        return cls.from_decimal(match[1], match[2])

    @classmethod
    def from_decimal(cls, amount: str | float | Decimal, currency: str) -> Money:
        """Read a decimal amount such as `"12.34"`; a JSON number goes by its shortest decimal form.

        Raises MoneyError where the amount has digits below the currency's minor unit.
        """
        digits = exponent(currency)
        if isinstance(amount, str) and len(amount) <= _SHORT and _DECIMAL.fullmatch(amount):
            whole, _, rest = amount.partition(".")
            if len(rest) <= digits:
                return cls(int(whole + rest.ljust(digits, "0")), currency)
        scaled = _scaled(amount, digits)
        if scaled != scaled.to_integral_value():
            raise MoneyError(f"{amount!r} has digits below the minor unit of {currency}")
        return cls(int(scaled), currency)

    @classmethod
    def from_units(cls, amount: int, units_per_minor: int, currency: str) -> Money:
        """Read an integer of a finer unit, e.g. `from_units(356000, 1000, "EUR")` for x 100,000 amounts."""
        minor, rest = divmod(amount, units_per_minor)
        if rest:
            raise MoneyError(f"{amount} is not a whole number of {currency} minor units")
        return cls(minor, currency)

    def decimal(self) -> str:
        """The decimal form without currency: `1.00`, for JPY `100`."""
        digits = exponent(self.currency)
        if not digits:
            return str(self.minor)
        written = str(abs(self.minor)).zfill(digits + 1)
        return f"{'-' if self.minor < 0 else ''}{written[:-digits]}.{written[-digits:]}"

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise MoneyError(f"{self} and {other} are of different currencies")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __str__(self) -> str:
        return f"{self.decimal()} {self.currency}"


def _scaled(amount: str | float | Decimal, digits: int) -> Decimal:
    if isinstance(amount, str) and not _DECIMAL.fullmatch(amount):
        raise MoneyError(f"{amount!r} is not a decimal amount")
    try:
        value = _EXACT.create_decimal(repr(amount) if isinstance(amount, float) else amount)
        scaled = _EXACT.scaleb(value, digits)
    except DecimalException:
        raise MoneyError(f"{amount!r} is out of range, or has more digits than an amount can have") from None
    if not scaled.is_finite():
        raise MoneyError(f"{amount!r} is not a finite amount")
    return scaled
