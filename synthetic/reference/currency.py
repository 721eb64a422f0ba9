"""How amounts are written on the wires of counterparties: minor units, decimal strings, x 100,000 integers.

Written here again on purpose: the judge has its own arithmetic in `synthetic.core.money`, and shares none with the accused.
"""

from __future__ import annotations

import re
from decimal import Decimal

# ISO 4217 (list one): the currencies of the simulated markets whose minor unit is not a hundredth.
_EXPONENTS = {"CLP": 0, "ISK": 0, "JPY": 0, "KRW": 0, "VND": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3}
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
_FINE_DIGITS = 5  # dialect A writes 3.56 as 356000


def exponent(currency: str) -> int:
    """How many decimal digits the currency has: EUR 2, JPY 0, KWD 3."""
    return _EXPONENTS.get(currency, 2)


def to_decimal(amount_minor: int, currency: str) -> str:
    """The decimal string: 100 EUR cents are `1.00`."""
    return f"{Decimal(amount_minor).scaleb(-exponent(currency)):f}"


def from_decimal(text: object, currency: str) -> int:
    """Minor units of a decimal string. Raises ValueError for another form, or digits below the minor unit."""
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text!r} is not a decimal amount such as '1.00'")
    return _whole(Decimal(text).scaleb(exponent(currency)), currency)


def to_fine(amount_minor: int, currency: str) -> int:
    """The x 100,000 integer: 356 EUR cents are 356000."""
    return int(amount_minor * 10 ** (_FINE_DIGITS - exponent(currency)))


def from_fine(amount: object, currency: str) -> int:
    """Minor units of a x 100,000 integer. Raises TypeError for another type, ValueError for digits below the minor unit."""
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise TypeError(f"{amount!r} is not an integer")
    return _whole(Decimal(amount).scaleb(exponent(currency) - _FINE_DIGITS), currency)


def _whole(minor: Decimal, currency: str) -> int:
    if minor != minor.to_integral_value():
        raise ValueError(f"{minor} is not a whole number of {currency} minor units")
    return int(minor)
