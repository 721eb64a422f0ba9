"""Baselines: the cash that each player has to have between two runs, and what is in his wallet beyond it.

A baseline follows what clean runs have won and lost, and nothing else: money that nobody can explain is a residue, never a new
baseline, or the recovery of the run that it belongs to would take it out a second time.
"""

from __future__ import annotations

from synthetic.core.money import Money
from synthetic.journal.database import Transaction
from synthetic.journal.leases import require_not_taken
from synthetic.journal.model import Lease

_SET_BASELINE = """
UPDATE accounts SET baseline_minor = :minor, baseline_currency = :currency WHERE account = :account
"""
_BASELINE = (
    "SELECT baseline_minor, baseline_currency FROM accounts WHERE account = :account AND baseline_currency <> ''"
)
_SET_RESIDUE = """
INSERT INTO counters (scope, name, currency, minor) VALUES ('residue', :account, :currency, :minor)
ON CONFLICT (scope, name, currency) DO UPDATE SET minor = excluded.minor
"""
_RESIDUES = "SELECT name, minor, currency FROM counters WHERE scope = 'residue' AND minor <> 0 ORDER BY name"


def follow(transaction: Transaction, lease: Lease, cash: Money, changed: Money | None, *, alone: bool) -> Money | None:
    """Let the baseline follow what a clean run has changed. Answers what is in the wallet beyond it; None: nobody can tell.

    Without `changed`, or without a baseline in this currency, the cash is the baseline. It is never above the cash, unless the
    run was not `alone`: another one has something open on the account, and the cash says nothing. Raises FencedOff.
    """
    require_not_taken(transaction, lease)
    before, minor = baseline(transaction, lease.account), cash.minor
    if before is not None and changed is not None and before.currency == changed.currency == cash.currency:
        minor = before.minor + changed.minor
    elif not alone:
        return None
    minor = min(cash.minor, minor) if alone else max(minor, 0)
    transaction.change(_SET_BASELINE, account=lease.account, minor=minor, currency=cash.currency)
    return Money(cash.minor - minor, cash.currency) if alone else None


def baseline(transaction: Transaction, account: str) -> Money | None:
    """The cash that the player has to have; None: no clean run has told it."""
    rows = transaction.rows(_BASELINE, account=account)
    return Money(rows[0][0], rows[0][1]) if rows else None


def set_residue(transaction: Transaction, lease: Lease, residue: Money) -> None:
    """Remember what is in a wallet above its baseline. Raises FencedOff."""
    require_not_taken(transaction, lease)
    transaction.change(_SET_RESIDUE, account=lease.account, currency=residue.currency, minor=residue.minor)


def residues(transaction: Transaction) -> dict[str, Money]:
    """What is in wallets above their baselines, by account."""
    return {account: Money(minor, currency) for account, minor, currency in transaction.rows(_RESIDUES)}
