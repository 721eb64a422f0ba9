"""What a journal may forget: runs that are over and settled, and slots, after some weeks. Open and stranded money never."""

from __future__ import annotations

from synthetic.journal import budgets
from synthetic.journal.database import Transaction
from synthetic.journal.schema import IS_OPEN

_OVER = f"""
SELECT run_id FROM runs r WHERE ended_ns > 0 AND ended_ns < :before AND outcome <> 'stranded'
AND NOT EXISTS (SELECT 1 FROM intents i WHERE i.run_id = r.run_id AND {IS_OPEN}) ORDER BY ended_ns LIMIT :at_most
"""  # noqa: S608 - constants
_COUNTED = """
SELECT account, day, currency, sum(spent_minor), sum(outstanding_minor) FROM intents WHERE run_id = :run_id
GROUP BY account, day, currency
"""
_SPENT_UP = "DELETE FROM counters WHERE scope = :scope AND name = :name AND minor = 0"
# The last slot of a probe stays, however old it is: its schedule goes on from there.
_OLD_SLOTS = """
DELETE FROM slots WHERE (probe, slot_ns) IN (
    SELECT probe, slot_ns FROM slots s WHERE slot_ns < :before
    AND slot_ns < (SELECT max(slot_ns) FROM slots l WHERE l.probe = s.probe) ORDER BY slot_ns LIMIT :at_most)
"""


def forget(transaction: Transaction, before_ns: int, at_most: int) -> int:
    """Forget runs that ended, and slots that were, before an instant; so many of each. Answers how many that were."""
    runs: list[str] = [run_id for (run_id,) in transaction.rows(_OVER, before=before_ns, at_most=at_most)]
    for run_id in runs:
        _forget_run(transaction, run_id)
    return len(runs) + transaction.change(_OLD_SLOTS, before=before_ns, at_most=at_most)


def _forget_run(transaction: Transaction, run_id: str) -> None:
    """Its effects, and what they are counted for: a counter stays the sum over the intents that are there."""
    for account, day, currency, spent, outstanding in transaction.rows(_COUNTED, run_id=run_id):
        change = budgets.Count(run_id, account, day, currency, -int(spent), -int(outstanding))
        budgets.count(transaction, change)
        for scope, name in change.names().items():
            transaction.change(_SPENT_UP, scope=scope, name=name)
    for table in ("intents", "runs"):
        transaction.change(f"DELETE FROM {table} WHERE run_id = :run_id", run_id=run_id)  # noqa: S608 - constants
