"""The functions that expressions may call, beside CEL's own: money in and out of its wire forms, digests, one-time codes.

A member is called on an amount: `args.amount.minor()`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyotp

from synthetic.core.money import Money, MoneyError, exponent


@dataclass(frozen=True, slots=True)
class Overload:
    """One signature of a function: parameter types, the type of the result; `member`: called on its first argument."""

    parameters: tuple[str, ...]
    returns: str
    function: Callable[..., Any]
    member: bool = False


def _units_per_minor(units_per_major: int, currency: str) -> int:
    per_minor, rest = divmod(units_per_major, int(10 ** exponent(currency)))
    if rest or per_minor < 1:
        raise MoneyError(f"{units_per_major} units per {currency} do not hold a whole number of units per minor unit")
    return per_minor


def from_minor(minor: int, currency: str) -> Money:
    """`money(body.amount_minor, body.currency)`."""
    return Money(minor, currency)


def from_written(text: str) -> Money:
    """`money('1.00 EUR')`."""
    return Money.parse(text)


def from_decimal(amount: str | float, currency: str) -> Money:
    """`decimal(body.amount, body.currency)` for `"12.34"` or a JSON number."""
    return Money.from_decimal(amount, currency)


def from_whole(amount: int, currency: str) -> Money:
    """`decimal(12, 'EUR')`: a decimal amount that happens to be whole."""
    return Money.from_decimal(str(amount), currency)


def from_units(amount: int, units_per_major: int, currency: str) -> Money:
    """`units(body.balance, 100000, body.currency)` for integers of a finer unit."""
    return Money.from_units(amount, _units_per_minor(units_per_major, currency), currency)


def minor(amount: Money) -> int:
    """`args.amount.minor()`."""
    return amount.minor


def minor_of(amount: str, currency: str) -> int:
    """`minor('1.00', 'USD')`: for the lines of statements, which may be in any currency."""
    return Money.from_decimal(amount, currency).minor


def decimal(amount: Money) -> str:
    """`args.amount.decimal()`: `"1.00"`."""
    return amount.decimal()


def units(amount: Money, units_per_major: int) -> int:
    """`args.amount.units(100000)`."""
    return amount.minor * _units_per_minor(units_per_major, amount.currency)


def written(amount: Money) -> str:
    """`args.amount.text()`: `"1.00 EUR"`."""
    return str(amount)


def totp(secret: str, unix_s: int) -> str:
    """`totp(player.totp, now)`: the six digits of RFC 6238 at that time."""
    return pyotp.TOTP(secret).at(unix_s)


def sha256(text: str) -> str:
    """`sha256(text)`: hexadecimal digest of the UTF-8 text."""
    return hashlib.sha256(text.encode()).hexdigest()


def hmac_sha256(key: str, text: str) -> str:
    """`hmac_sha256(key, text)`: hexadecimal RFC 2104 code."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


FUNCTIONS: dict[str, tuple[Overload, ...]] = {
    "money": (
        Overload(("int", "string"), "money", from_minor),
        Overload(("string",), "money", from_written),
    ),
    "decimal": (
        Overload(("string", "string"), "money", from_decimal),
        Overload(("double", "string"), "money", from_decimal),
        Overload(("int", "string"), "money", from_whole),
        Overload(("money",), "string", decimal, member=True),
    ),
    "units": (
        Overload(("int", "int", "string"), "money", from_units),
        Overload(("money", "int"), "int", units, member=True),
    ),
    "minor": (
        Overload(("money",), "int", minor, member=True),
        Overload(("string", "string"), "int", minor_of),
    ),
    "text": (Overload(("money",), "string", written, member=True),),
    "totp": (Overload(("string", "int"), "string", totp),),
    "sha256": (Overload(("string",), "string", sha256),),
    "hmac_sha256": (Overload(("string", "string"), "string", hmac_sha256),),
}
