"""The effects in the journal: intended before their request leaves, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from synthetic.core.effects import Intent
from synthetic.core.errors import HarnessError
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal import budgets
from synthetic.journal.database import Row, Transaction
from synthetic.journal.entry import REOPENED_STATES, JournalEntry, require_same
from synthetic.journal.model import Caps, Lease, Left
from synthetic.journal.schema import IS_OPEN

_COLUMNS = (
    "key, run_id, step, operation, kind, amount_minor, currency, source, target, cell, player, args, "
    "epoch, state, created_ns, updated_ns, account, day, spent_minor, outstanding_minor"
)
_SELECT = f"SELECT {_COLUMNS} FROM intents"  # noqa: S608 - constants
_INSERT = f"""
INSERT INTO intents ({_COLUMNS}) VALUES (:key, :run_id, :step, :operation, :kind, :amount_minor, :currency, :source, :target,
    :cell, :player, :args, :epoch, :state, :now, :now, :account, :day, :spent, :outstanding)
ON CONFLICT (key) DO NOTHING
"""  # noqa: S608 - constants
_CHANGE = """
UPDATE intents SET state = :state, epoch = :epoch, updated_ns = :now, day = :day, spent_minor = :spent,
    outstanding_minor = :outstanding WHERE key = :key
"""
# Left: open, and nobody plays it: without a run, or with one that is closed, or whose lease is over. While somebody tries to bring
# it home (`tries`) it is left still, or stranded money would seem to be gone during each try.
_LEFT = f"""
SELECT i.state, i.currency, count(*), sum(i.amount_minor), min(i.created_ns) FROM intents i WHERE {IS_OPEN} AND NOT EXISTS
    (SELECT 1 FROM runs r WHERE r.run_id = i.run_id AND r.outcome = '' AND r.tries = 0 AND r.expires_ns > :now)
    GROUP BY i.state, i.currency
"""  # noqa: S608 - constants

_OPEN_ELSEWHERE = f"""
SELECT DISTINCT run_id FROM intents WHERE {IS_OPEN} AND run_id <> :run_id
    AND (account = :account OR (epoch = 0 AND player = :player)) ORDER BY run_id
"""  # noqa: S608 - constants


def intend(transaction: Transaction, intent: Intent, lease: Lease | None, caps: Sequence[Caps], now_ns: int) -> None:
    """Write the intent down, its reservation included; the same one again is no second reservation.

    Raises HarnessError where its key stands for another effect, and OverBudget.
    """
    account = lease.account if lease else f"{intent.cell}/{intent.player}"
    spent, outstanding = budgets.counted(intent.amount, intent.target, IntentState.INTENT)
    day = budgets.day_of(now_ns)
    inserted = transaction.change(
        _INSERT,
        key=intent.key,
        run_id=intent.run_id,
        step=intent.step,
        operation=intent.operation,
        kind=intent.kind,
        amount_minor=intent.amount.minor,
        currency=intent.amount.currency,
        source=intent.source,
        target=intent.target,
        cell=intent.cell,
        player=intent.player,
        args=intent.args,
        epoch=lease.epoch if lease else 0,
        state=IntentState.INTENT.value,
        now=now_ns,
        account=account,
        day=day,
        spent=spent,
        outstanding=outstanding,
    )
    if not inserted:
        known = transaction.rows(f"{_SELECT} WHERE key = :key", key=intent.key)
        _intend_again(transaction, known[0], intent, lease, caps, now_ns)
        return
    change = budgets.Count(intent.run_id, account, day, intent.amount.currency, spent, outstanding)
    budgets.count(transaction, change, caps)


def _intend_again(
    transaction: Transaction, row: Row, intent: Intent, lease: Lease | None, caps: Sequence[Caps], now_ns: int
) -> None:
    entry = _entry(row)
    require_same(entry.intent, intent)
    state = IntentState.INTENT if entry.state in REOPENED_STATES else entry.state
    epoch = lease.epoch if lease else entry.epoch
    if (state, epoch) != (entry.state, entry.epoch):
        _change(transaction, row, state, epoch, now_ns, caps)


def resolve(transaction: Transaction, key: str, state: IntentState, now_ns: int) -> None:
    """Record what became of an intent, and release what is no longer spent or outstanding. Raises HarnessError."""
    known = transaction.rows(f"{_SELECT} WHERE key = :key", key=key)
    if not known:
        raise HarnessError(f"the journal has no intent under the key {key!r}")
    _change(transaction, known[0], state, _entry(known[0]).epoch, now_ns)


def _change(
    transaction: Transaction, row: Row, state: IntentState, epoch: int, now_ns: int, caps: Sequence[Caps] = ()
) -> None:
    entry = _entry(row)
    account, day, spent_before, outstanding_before = row[-4:]
    spent, outstanding = budgets.counted(entry.intent.amount, entry.intent.target, state)
    if not spent_before:
        day = budgets.day_of(now_ns)
    change = budgets.Count(
        entry.intent.run_id,
        account,
        day,
        entry.intent.amount.currency,
        spent - spent_before,
        outstanding - outstanding_before,
    )
    budgets.count(transaction, change, caps)
    transaction.change(
        _CHANGE,
        state=state.value,
        epoch=epoch,
        now=now_ns,
        day=day,
        spent=spent,
        outstanding=outstanding,
        key=entry.intent.key,
    )


def entries(transaction: Transaction) -> list[JournalEntry]:
    """Every effect, oldest first."""
    return [_entry(row) for row in transaction.rows(f"{_SELECT} ORDER BY number")]


def open_intents(transaction: Transaction) -> list[JournalEntry]:
    """The effects that nobody has settled, oldest first."""
    return [_entry(row) for row in transaction.rows(f"{_SELECT} WHERE {IS_OPEN} ORDER BY number")]


def effects_of(transaction: Transaction, run_id: str) -> list[JournalEntry]:
    """The effects of one run, oldest first."""
    return [_entry(row) for row in transaction.rows(f"{_SELECT} WHERE run_id = :run_id ORDER BY number", run_id=run_id)]


def effects_of_player(transaction: Transaction, player: str, cells: Iterable[str]) -> list[JournalEntry]:
    """The effects of one player on these cells, oldest first."""
    of_player = f"{_SELECT} WHERE player = :player ORDER BY number"
    on = set(cells)
    entries = [_entry(row) for row in transaction.rows(of_player, player=player)]
    return [entry for entry in entries if entry.intent.cell in on]


def runs_known(transaction: Transaction, run_ids: Iterable[str]) -> set[str]:
    """Those of these runs that were admitted, or have moved money, before."""
    known = "SELECT run_id FROM runs WHERE run_id = :run_id UNION SELECT run_id FROM intents WHERE run_id = :run_id"
    return {run_id for run_id in set(run_ids) if transaction.rows(known, run_id=run_id)}


def open_elsewhere(transaction: Transaction, account: str, run_id: str) -> list[str]:
    """The other runs that have something open on this account; an effect without a lease counts by its player alone."""
    player = account.partition("/")[2]
    rows = transaction.rows(_OPEN_ELSEWHERE, account=account, player=player, run_id=run_id)
    return [other for (other,) in rows]


def left_by_state(transaction: Transaction, now_ns: int) -> dict[IntentState, Left]:
    """What is open and nobody plays: its run is closed or being recovered, or its lease is over, or there is none."""
    found: dict[IntentState, Left] = {}
    for state, currency, effects, minor, oldest_ns in transaction.rows(_LEFT, now=now_ns):
        one = Left(int(effects), {currency: int(minor)}, int(oldest_ns))
        known = found.get(IntentState(state))
        found[IntentState(state)] = together([known, one]) if known else one
    return found


def together(parts: Iterable[Left]) -> Left:
    """All of it in one."""
    effects, minor, oldest = 0, dict[str, int](), list[int]()
    for part in parts:
        effects += part.effects
        oldest.append(part.oldest_ns)
        for currency, amount in part.minor.items():
            minor[currency] = minor.get(currency, 0) + amount
    return Left(effects, minor, min(oldest, default=0))


def _entry(row: Row) -> JournalEntry:
    key, run_id, step, operation, kind, minor, currency, source, target, cell, player, args, epoch, state = row[:14]
    intent = Intent(
        run_id=run_id,
        step=step,
        operation=operation,
        kind=kind,
        amount=Money(minor, currency),
        key=key,
        source=source,
        target=target,
        cell=cell,
        player=player,
        args=args,
    )
    return JournalEntry(intent, IntentState(state), row[14], row[15], epoch)
