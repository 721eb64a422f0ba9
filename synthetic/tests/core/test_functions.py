"""The functions of expressions against published vectors, and the tables that declare them."""

from __future__ import annotations

import base64

import pytest

from synthetic.core import functions
from synthetic.core.errors import Place
from synthetic.core.expressions import Kind, compile_expression
from synthetic.core.functions import FUNCTIONS
from synthetic.core.money import Money, MoneyError

RFC_6238_KEY = base64.b32encode(b"12345678901234567890").decode()
RFC_4231_CODE = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


@pytest.mark.parametrize(
    ("unix_s", "eight_digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_totp_is_that_of_rfc_6238(unix_s: int, eight_digits: str) -> None:
    """Appendix B has eight digits; the six of a player's app are the last of them."""
    assert functions.totp(RFC_6238_KEY, unix_s) == eight_digits[-6:]


def test_sha256_is_that_of_fips_180() -> None:
    """FIPS 180-2, appendix B.1, and of a text beyond ASCII the digest of its UTF-8."""
    assert functions.sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert functions.sha256("é") == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"


def test_hmac_sha256_is_that_of_rfc_4231() -> None:
    """Test case 2."""
    assert functions.hmac_sha256("Jefe", "what do ya want for nothing?") == RFC_4231_CODE


def test_units_of_three_currencies_are_of_the_major_unit() -> None:
    """x 100,000 means per euro and per yen, so a yen has 100,000 units and a cent 1,000."""
    assert functions.units(Money(356, "EUR"), 100_000) == 356_000
    assert functions.units(Money(3, "JPY"), 100_000) == 300_000
    assert functions.units(Money(3560, "KWD"), 100_000) == 356_000
    assert functions.from_units(356_000, 100_000, "KWD") == Money(3560, "KWD")


@pytest.mark.parametrize(
    ("per_major", "currency"), [(10, "EUR"), (100, "KWD"), (0, "EUR"), (-100, "EUR"), (150, "EUR")]
)
def test_units_coarser_than_the_minor_unit_are_refused(per_major: int, currency: str) -> None:
    """Ten units a euro can't hold a cent."""
    with pytest.raises(MoneyError, match="do not hold a whole number"):
        functions.from_units(10, per_major, currency)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("money(100, 'EUR')", Money(100, "EUR")),
        ("money('1.00 EUR')", Money(100, "EUR")),
        ("minor('1.00', 'USD')", 100),
        ("minor('100', 'JPY')", 100),
        ("money('1.00 EUR').minor()", 100),
        ("decimal('12.34', 'EUR')", Money(1234, "EUR")),
        ("decimal(12.34, 'EUR')", Money(1234, "EUR")),
        ("decimal(12, 'EUR')", Money(1200, "EUR")),
        ("money('1.00 EUR').decimal()", "1.00"),
        ("units(356000, 100000, 'EUR')", Money(356, "EUR")),
        ("money('3.56 EUR').units(100000)", 356_000),
        ("money('3.56 EUR').minor()", 356),
        ("money('3.5 EUR').text()", "3.50 EUR"),
        (f"totp('{RFC_6238_KEY}', 59)", "287082"),
        ("sha256('')", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("hmac_sha256('Jefe', 'what do ya want for nothing?')", RFC_4231_CODE),
    ],
)
def test_every_function_can_be_called_from_an_expression(text: str, value: object) -> None:
    """Each overload of the table is declared with the types that it takes and gives."""
    assert compile_expression(text, {}, Place()).value({}, "EUR") == value


def test_every_declared_type_is_one_of_the_language() -> None:
    """The table's type names are kinds of expressions, or CEL's double for a JSON number."""
    for overloads in FUNCTIONS.values():
        for overload in overloads:
            assert {*overload.parameters, overload.returns} <= {*Kind, "double"}
