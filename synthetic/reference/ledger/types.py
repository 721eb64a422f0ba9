"""What goes into the ledger and what comes out: entries, balances, remembered answers, and the refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LEDGER_SWITCHES = {
    "loses_counterparty_leg": "an entry is posted on the player's side only",
    "overdraws_cash": "a bet above the balance is debited; the balance that is kept stops at zero",
}

BUCKETS = ("cash", "bonus", "locked", "receivable")
_AMOUNT_MINOR_MAX = 2**53  # beyond it JSON readers lose units


@dataclass(frozen=True, slots=True)
class Entry:
    """One balanced ledger entry about one player.

    `kind` is one of the kinds of `GET /wallet/ledger` (`deposit`, `bet`, ...), `reference` the business id. `moves` maps
    a bucket (`cash`, `bonus`, `locked`, `receivable`) to signed minor units from the player's view, e.g. `{"cash": -20}` or
    `{"cash": -100, "locked": 100}`. `counterparty` is the account that takes the other side, e.g. `psp:psp-a`, `house`.
    Raises TypeError for an amount that is not an integer, ValueError for an unknown bucket or an entry that moves nothing.
    """

    kind: str
    player_id: str
    reference: str
    moves: Mapping[str, int]
    counterparty: str
    currency: str

    def __post_init__(self) -> None:
        for bucket, amount_minor in self.moves.items():
            if bucket not in BUCKETS:
                raise ValueError(f"no bucket {bucket!r}; there are {', '.join(BUCKETS)}")
            if isinstance(amount_minor, bool) or not isinstance(amount_minor, int):
                raise TypeError(f"{amount_minor!r} is not a whole number of minor units")
            if abs(amount_minor) > _AMOUNT_MINOR_MAX:
                raise ValueError(f"{amount_minor} minor units are out of range")
        if not any(self.moves.values()):
            raise ValueError(f"the {self.kind} entry {self.reference!r} moves nothing")

    @property
    def counterparty_minor(self) -> int:
        """What the counterparty takes, so that the entry's postings add up to zero."""
        return -sum(self.moves.values())


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose ledger this is: the cell, and the version that it runs. Events say so."""

    cell: str
    version: str


@dataclass(frozen=True, slots=True)
class Balance:
    """A player's money, in minor units of one currency."""

    currency: str
    cash_minor: int
    bonus_minor: int
    locked_minor: int

    @property
    def total_minor(self) -> int:
        """Cash + bonus + locked."""
        return self.cash_minor + self.bonus_minor + self.locked_minor


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry that stands in the books, and the player's balance right after it."""

    entry_id: int
    balance: Balance


@dataclass(frozen=True, slots=True)
class Remembered:
    """The answer that was given to an idempotency key, the fingerprint of the request that it answered, and when that was."""

    fingerprint: str
    response: dict[str, Any]
    at: datetime


class LedgerError(Exception):
    """A refusal of the ledger; nothing was posted."""


class InsufficientFunds(LedgerError):  # noqa: N818 - the domain's word
    """The entry would take a bucket below zero. `balance` is what the player has."""

    def __init__(self, balance: Balance) -> None:
        super().__init__(f"not enough money: {balance}")
        self.balance = balance


class WrongCurrency(LedgerError):  # noqa: N818 - the domain's word
    """The entry's currency is not that of the player's accounts."""


class UnknownPlayer(LedgerError):  # noqa: N818 - the domain's word
    """The player has no accounts in this ledger."""


class KeyTaken(LedgerError):  # noqa: N818 - the domain's word
    """Another transaction has remembered an answer under this scope and key."""
