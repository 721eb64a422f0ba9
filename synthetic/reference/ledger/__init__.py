"""The cell's double-entry ledger: accounts, balanced entries of immutable postings, and remembered answers."""

from synthetic.reference.ledger.book import Ledger, LedgerTransaction, origin_of
from synthetic.reference.ledger.engine import open_ledger
from synthetic.reference.ledger.types import (
    LEDGER_SWITCHES,
    Balance,
    Entry,
    InsufficientFunds,
    KeyTaken,
    LedgerError,
    Origin,
    Posted,
    Remembered,
    UnknownPlayer,
    WrongCurrency,
)

__all__ = [
    "LEDGER_SWITCHES",
    "Balance",
    "Entry",
    "InsufficientFunds",
    "KeyTaken",
    "Ledger",
    "LedgerError",
    "LedgerTransaction",
    "Origin",
    "Posted",
    "Remembered",
    "UnknownPlayer",
    "WrongCurrency",
    "open_ledger",
    "origin_of",
]
