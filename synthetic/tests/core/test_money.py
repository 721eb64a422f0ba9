"""Money: minor units, written forms, and everything that is refused instead of rounded."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.money import Money, MoneyError, exponent

CURRENCIES = ("EUR", "JPY", "KWD", "CLF", "USD", "BHD", "ISK")
amounts = st.builds(Money, st.integers(-(2**53), 2**53), st.sampled_from(CURRENCIES))


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("EUR", 2), ("USD", 2), ("JPY", 0), ("KRW", 0), ("ISK", 0), ("KWD", 3), ("BHD", 3), ("TND", 3), ("CLF", 4)],
)
def test_a_currency_has_the_digits_of_iso_4217(currency: str, digits: int) -> None:
    """ISO 4217 list one gives JPY none and KWD three; what is not listed there as an exception has two."""
    assert exponent(currency) == digits


@pytest.mark.parametrize("code", ["eur", "EU", "EURO", "", "E R", "€", "ЕUR"])
def test_what_is_no_currency_code_is_refused(code: str) -> None:
    """A code is three capital Latin letters."""
    with pytest.raises(MoneyError, match="ISO 4217"):
        Money(1, code)


@pytest.mark.parametrize(
    ("written", "minor", "currency"),
    [
        ("1.00 EUR", 100, "EUR"),
        ("-0.05 EUR", -5, "EUR"),
        ("7 EUR", 700, "EUR"),
        ("  12.3  EUR ", 1230, "EUR"),
        ("100 JPY", 100, "JPY"),
        ("1.234 KWD", 1234, "KWD"),
        ("0.10 EUR", 10, "EUR"),
        ("1.000 EUR", 100, "EUR"),
    ],
)
def test_the_written_form_is_read_to_the_minor_unit(written: str, minor: int, currency: str) -> None:
    """An author writes `1.00 EUR`; what is computed with is 100 of EUR."""
    assert Money.parse(written) == Money(minor, currency)


@given(amounts)
def test_every_amount_survives_being_written_and_read(amount: Money) -> None:
    """parse(str(m)) == m for every currency."""
    assert Money.parse(str(amount)) == amount
    assert Money.from_decimal(amount.decimal(), amount.currency) == amount


@pytest.mark.parametrize(
    "text",
    [
        "1.005 EUR",
        "1.5 JPY",
        "1.0000001 KWD",
        f"1.{'0' * 40}1 EUR",
        "1,00 EUR",
        "1_000 EUR",
        "1e2 EUR",
        "EUR 1.00",
        "1.00",
        "1.00EUR",
        ".5 EUR",
        "+1.00 EUR",
        "١.٠٠ EUR",
        "NaN EUR",
        "Infinity EUR",
        "",
        "9" * 20 + " EUR",
        "9" * 200 + " EUR",
    ],
)
def test_what_is_not_exactly_an_amount_is_refused(text: str) -> None:
    """More digits than the currency has, other spellings, and amounts out of range are errors, never rounded."""
    with pytest.raises(MoneyError):
        Money.parse(text)


@pytest.mark.parametrize("amount", ["1_000.00", " 1.00", "1.00 ", "1e2", "0x10", "NaN", "-", "1.", "True"])
def test_a_decimal_text_of_a_wire_is_read_strictly(amount: str) -> None:
    """Python's own readings of numbers (`1_000`, blanks, `NaN`) are no amounts."""
    with pytest.raises(MoneyError, match="not a decimal amount"):
        Money.from_decimal(amount, "EUR")


@pytest.mark.parametrize("amount", [float("inf"), float("-inf"), float("nan"), 1e22, 1e308, 5e-324, Decimal("1e999")])
def test_numbers_beyond_any_amount_are_refused_as_money(amount: float | Decimal) -> None:
    """No number makes another error than MoneyError, however large, small or strange it is."""
    with pytest.raises(MoneyError):
        Money.from_decimal(amount, "EUR")


@given(st.integers(-(10**11), 10**11))
def test_a_json_number_counts_by_its_shortest_decimal_form(minor: int) -> None:
    """0.1 + 0.2 is an error, but 12.34 as JSON gives it is 12.34."""
    assert Money.from_decimal(minor / 100, "EUR") == Money(minor, "EUR")


def test_a_float_that_is_not_an_amount_is_refused() -> None:
    """0.1 + 0.2 is 0.30000000000000004, which has digits below the cent."""
    with pytest.raises(MoneyError, match="below the minor unit"):
        Money.from_decimal(0.1 + 0.2, "EUR")


@given(st.integers(-(10**12), 10**12))
def test_units_of_a_finer_wire_survive_the_round_trip(minor: int) -> None:
    """Game-provider APIs send x 100,000 integers: 3.56 is 356000, so one cent is 1,000 units."""
    assert Money.from_units(minor * 1000, 1000, "EUR") == Money(minor, "EUR")


@pytest.mark.parametrize("units", [1, 356001, 355999, -1, 999])
def test_a_fraction_of_a_minor_unit_is_refused(units: int) -> None:
    """356001 units of which 1,000 make a cent are no whole number of cents."""
    with pytest.raises(MoneyError, match="whole number of EUR minor units"):
        Money.from_units(units, 1000, "EUR")


@pytest.mark.parametrize("minor", [True, 1.0, "1", None, 2**53 + 1, -(2**53) - 1])
def test_minor_units_are_whole_and_within_what_json_keeps(minor: object) -> None:
    """No float, no bool, and nothing beyond 2**53, where JSON readers lose units."""
    with pytest.raises(MoneyError):
        Money(minor, "EUR")  # type: ignore[arg-type]


def test_amounts_of_one_currency_add_and_compare() -> None:
    """Sums, differences, negation and order are those of the minor units."""
    one, two = Money(100, "EUR"), Money(200, "EUR")
    assert (one + one, two - one, -one) == (two, one, Money(-100, "EUR"))
    assert one < two
    assert one <= two
    assert one <= one  # noqa: PLR0124 - the claim is that an amount is not above itself
    assert two > one


@pytest.mark.parametrize("operator", ["__add__", "__sub__", "__lt__", "__le__"])
def test_two_currencies_are_never_mixed(operator: str) -> None:
    """An operator between two currencies raises, and equality is false."""
    euro, dollar = Money(100, "EUR"), Money(100, "USD")
    with pytest.raises(MoneyError, match="different currencies"):
        getattr(euro, operator)(dollar)
    assert euro != dollar
