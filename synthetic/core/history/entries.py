"""The lines of statements: ledger postings, settlement reports, open items."""

from __future__ import annotations

from dataclasses import dataclass

from synthetic.core.money import Money
from synthetic.core.quick import quick


@quick
@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One posting of the player's ledger, in its own view. `reference`: the deposit, withdrawal or bet that it belongs to.

    `balance_after`: of its bucket; `key`: the idempotency key of the request behind it; `round`: of a game's posting.
    """

    id: str
    kind: str  # deposit, refund, bet, win, rollback, withdraw_reserve, withdraw_release, withdraw_paid, payout_failed, bonus
    reference: str
    bucket: str  # cash, bonus, locked
    amount: Money
    balance_after: Money | None = None
    key: str = ""
    round: str = ""


@dataclass(frozen=True, slots=True)
class DoubleEntryLine:
    """One leg of a journal entry; the legs of one `entry` sum up to nothing per currency."""

    entry: str
    account: str
    amount: Money


@dataclass(frozen=True, slots=True)
class PspEntry:
    """One line of a PSP's settlement report. `reference`: the merchant's id of the deposit or withdrawal."""

    id: str
    kind: str  # capture, refund, payout, payout_reversal, chargeback
    reference: str
    amount: Money
    key: str = ""
    fee: Money | None = None


@dataclass(frozen=True, slots=True)
class PspEvent:
    """One delivery of a notification by a PSP. `status`: the HTTP status that the platform answered, 0 for none.

    A `request` is what the platform asked of the PSP, with the status that the PSP answered. `age_s`: how long before the log
    was read it was told first, in whole seconds (so it may be off by one); None where the log does not say.
    """

    id: str
    event: str  # captured, failed, refunded, paid, payout_failed, chargeback, other; request
    reference: str
    status: int = 0
    signature: str = "good"  # good, bad, missing, stale
    age_s: int | None = None


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Something unfinished: an open `round`, a pending `withdrawal` or `deposit`, an unused `bonus`."""

    kind: str
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class SinkRow:
    """A row that a sink holds about a player."""

    id: str
    reference: str = ""
