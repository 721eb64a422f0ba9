"""Budgets: how much has gone into wallets, counted by run, account-day, day, and what is unsettled; in the intent's transaction.

A counter always equals the sum over the intents that name it, so it can be proven at any time. The check and the count are one
statement: however many ask at once, a cap is never passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synthetic.core.errors import OverBudget
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal.database import Transaction
from synthetic.journal.model import Caps

WALLET = "wallet"
SCOPES = ("run", "account_day", "day", "outstanding")
_DAY_NS = 86_400 * 10**9
_NO_CAP = 2**62
_NOTHING_SPENT = frozenset({IntentState.REFUSED})
_NOTHING_OUTSTANDING = frozenset({IntentState.REFUSED, IntentState.COMPENSATED, IntentState.SETTLED})

_COUNT = """
INSERT INTO counters (scope, name, currency, minor) VALUES
    ('run', :run, :currency, :spent),
    ('account_day', :account_day, :currency, :spent),
    ('day', :day, :currency, :spent),
    ('outstanding', '', :currency, :outstanding)
ON CONFLICT (scope, name, currency) DO UPDATE SET minor = counters.minor + excluded.minor
WHERE excluded.minor <= 0 OR counters.minor + excluded.minor <= CASE counters.scope
    WHEN 'run' THEN :run_cap WHEN 'account_day' THEN :account_day_cap WHEN 'day' THEN :day_cap ELSE :outstanding_cap END
RETURNING counters.scope
"""
_COUNTED = "SELECT minor FROM counters WHERE scope = :scope AND name = :name AND currency = :currency"


@dataclass(frozen=True, slots=True)
class Count:
    """What one intent is counted for (minor units), and where: its run, its account and its UTC day (days since 1970)."""

    run_id: str
    account: str
    day: int
    currency: str
    spent: int
    outstanding: int

    def names(self) -> Mapping[str, str]:
        """The counter of each scope."""
        return {
            "run": self.run_id,
            "account_day": account_day(self.account, self.day),
            "day": str(self.day),
            "outstanding": "",
        }


def day_of(wall_ns: int) -> int:
    """The UTC day of an instant."""
    return wall_ns // _DAY_NS


def account_day(account: str, day: int) -> str:
    """The name of an account's counter of one day."""
    return f"{account} {day}"


def counted(amount: Money, target: str, state: IntentState) -> tuple[int, int]:
    """What an intent in this state counts as spent and as outstanding: only what goes into a wallet counts."""
    if target != WALLET:
        return 0, 0
    return (
        0 if state in _NOTHING_SPENT else amount.minor,
        0 if state in _NOTHING_OUTSTANDING else amount.minor,
    )


def count(transaction: Transaction, change: Count, caps: Sequence[Caps] = ()) -> None:
    """Add to the four counters (take away, where negative). Raises OverBudget where one would pass its cap."""
    if not change.spent and not change.outstanding:
        return
    limits = _limits(caps, change.currency)
    added = {scope: change.outstanding if scope == "outstanding" else change.spent for scope in SCOPES}
    names = change.names()
    refused = [
        scope for scope in SCOPES if added[scope] > limits[scope]
    ]  # a new counter has no row to be compared with
    if refused:
        raise _over(transaction, refused[0], names, added, limits, change.currency)
    rows = transaction.rows(
        _COUNT,
        run=names["run"],
        account_day=names["account_day"],
        day=names["day"],
        currency=change.currency,
        spent=change.spent,
        outstanding=change.outstanding,
        run_cap=limits["run"],
        account_day_cap=limits["account_day"],
        day_cap=limits["day"],
        outstanding_cap=limits["outstanding"],
    )
    refused = [scope for scope in SCOPES if (scope,) not in rows]
    if refused:
        raise _over(transaction, refused[0], names, added, limits, change.currency)


def remaining(transaction: Transaction, caps: Caps, now_ns: int, account: str | None) -> dict[str, Money]:
    """What still fits under the caps of the day, of what is outstanding and, where one is given, of the account's day."""
    day = day_of(now_ns)
    names = {"day": str(day), "outstanding": ""}
    if account is not None:
        names["account_day"] = account_day(account, day)
    found = {}
    for scope, name in names.items():
        cap: Money | None = getattr(caps, scope)
        if cap is not None:
            left = cap.minor - _counted(transaction, scope, name, cap.currency)
            found[scope] = Money(max(left, 0), cap.currency)
    return found


def _limits(caps: Sequence[Caps], currency: str) -> dict[str, int]:
    """The lowest cap of each scope in this currency."""
    limits = dict.fromkeys(SCOPES, _NO_CAP)
    for one in caps:
        for scope in SCOPES:
            cap: Money | None = getattr(one, scope)
            if cap is not None and cap.currency == currency:
                limits[scope] = min(limits[scope], cap.minor)
    return limits


def _counted(transaction: Transaction, scope: str, name: str, currency: str) -> int:
    rows = transaction.rows(_COUNTED, scope=scope, name=name, currency=currency)
    return int(rows[0][0]) if rows else 0


def _over(
    transaction: Transaction,
    scope: str,
    names: Mapping[str, str],
    added: Mapping[str, int],
    limits: Mapping[str, int],
    currency: str,
) -> OverBudget:
    """The error. What the statement did add to other counters is undone with the whole piece of work."""
    wanted, cap = Money(added[scope], currency), Money(limits[scope], currency)
    left = Money(max(cap.minor - _counted(transaction, scope, names[scope], currency), 0), currency)
    what = scope.replace("_", "-") + (f" {names[scope]}" if names[scope] else "")
    return OverBudget(f"over budget: {wanted} into a wallet, but of the cap {cap} ({what}) only {left} is left")
