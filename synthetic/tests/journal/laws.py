"""What must always hold in a book: every counter is the sum over the intents that name it."""

from __future__ import annotations

from collections import Counter

from synthetic.core.outcome import IntentState
from synthetic.journal.book import Book

Counters = dict[tuple[str, str, str], int]

_INTENTS = (
    "SELECT run_id, account, day, currency, spent_minor, outstanding_minor, state, target, amount_minor FROM intents"
)
_RELEASED = {IntentState.REFUSED: (0, 0), IntentState.COMPENSATED: (1, 0), IntentState.SETTLED: (1, 0)}


def counters(book: Book) -> Counters:
    """The counters as they stand, without those at zero."""
    with book._database.read() as transaction:
        rows = transaction.rows("SELECT scope, name, currency, minor FROM counters WHERE minor <> 0")
    return {(scope, name, currency): minor for scope, name, currency, minor in rows}


def summed(book: Book) -> Counters:
    """What they should be, from the intents alone: their state, target and amount."""
    totals: Counter[tuple[str, str, str]] = Counter()
    with book._database.read() as transaction:
        rows = transaction.rows(_INTENTS)
    for run_id, account, day, currency, spent, outstanding, state, target, amount in rows:
        times = _RELEASED.get(IntentState(state), (1, 1)) if target == "wallet" else (0, 0)
        assert (spent, outstanding) == (times[0] * amount, times[1] * amount)
        totals["run", run_id, currency] += spent
        totals["account_day", f"{account} {day}", currency] += spent
        totals["day", str(day), currency] += spent
        totals["outstanding", "", currency] += outstanding
    return {name: minor for name, minor in totals.items() if minor}
