"""The journal's tables, version 3, and how a file of version 1 or 2 becomes one."""

from __future__ import annotations

from collections.abc import Sequence

from synthetic.core.errors import HarnessError
from synthetic.core.outcome import IntentState
from synthetic.journal.database import Database, Transaction
from synthetic.journal.entry import OPEN_STATES
from synthetic.journal.postgres_database import PostgresDatabase

VERSION = 3
# SQLite uses a partial index only where a query says the very same.
IS_OPEN = f"state IN ({', '.join(repr(state.value) for state in sorted(OPEN_STATES))})"

# `spent_minor` and `outstanding_minor`: what the intent is counted for in `counters`, under its `account` and `day` (since 1970).
_TABLES = (
    """
CREATE TABLE intents (
    number {numbered},
    key TEXT NOT NULL UNIQUE,
    run_id TEXT NOT NULL,
    step TEXT NOT NULL,
    operation TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    cell TEXT NOT NULL,
    player TEXT NOT NULL,
    args TEXT NOT NULL,
    account TEXT NOT NULL,
    day BIGINT NOT NULL,
    spent_minor BIGINT NOT NULL,
    outstanding_minor BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    state TEXT NOT NULL,
    created_ns BIGINT NOT NULL,
    updated_ns BIGINT NOT NULL
)""",
    "CREATE INDEX intents_by_run ON intents (run_id)",
    f"CREATE INDEX intents_open ON intents (number) WHERE {IS_OPEN}",
    """
CREATE TABLE counters (
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    minor BIGINT NOT NULL,
    PRIMARY KEY (scope, name, currency)
)""",
    """
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY,
    probe TEXT NOT NULL,
    scenario TEXT NOT NULL,
    digest TEXT NOT NULL,
    cell TEXT NOT NULL,
    matrix_row TEXT NOT NULL,
    seed BIGINT NOT NULL,
    number BIGINT NOT NULL,
    slot_ns BIGINT NOT NULL,
    pair TEXT NOT NULL,
    player TEXT NOT NULL,
    account TEXT NOT NULL,
    worker TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    expires_ns BIGINT NOT NULL,
    started_ns BIGINT NOT NULL,
    ended_ns BIGINT NOT NULL DEFAULT 0,
    outcome TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    tries BIGINT NOT NULL DEFAULT 0,
    next_try_ns BIGINT NOT NULL DEFAULT 0
)""",
    "CREATE INDEX runs_by_outcome ON runs (outcome, started_ns)",
    "CREATE INDEX runs_by_end ON runs (ended_ns)",
    """
CREATE TABLE accounts (
    account TEXT PRIMARY KEY,
    epoch BIGINT NOT NULL,
    run_id TEXT NOT NULL,
    rests_until_ns BIGINT NOT NULL,
    baseline_minor BIGINT NOT NULL DEFAULT 0,
    baseline_currency TEXT NOT NULL DEFAULT ''
)""",
    """
CREATE TABLE slots (
    probe TEXT NOT NULL,
    slot_ns BIGINT NOT NULL,
    worker TEXT NOT NULL,
    claimed_ns BIGINT NOT NULL,
    ended_ns BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (probe, slot_ns)
)""",
    "CREATE INDEX slots_by_instant ON slots (slot_ns)",
    "CREATE INDEX slots_unended ON slots (worker) WHERE ended_ns = 0",
    "CREATE TABLE installation (name TEXT PRIMARY KEY, seed BIGINT NOT NULL)",
    "CREATE TABLE workers (worker TEXT PRIMARY KEY, beaten_ns BIGINT NOT NULL)",
    """
CREATE TABLE kills (
    number {numbered},
    by_whom TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ns BIGINT NOT NULL,
    ended_by TEXT NOT NULL DEFAULT '',
    ended_ns BIGINT NOT NULL DEFAULT 0
)""",
)

# Version 1 had no `settled`: its `done` was not open, and stays so.
_SETTLE_VERSION_1 = f"UPDATE intents SET state = '{IntentState.SETTLED}' WHERE state = '{IntentState.DONE}'"  # noqa: S608 - constants
# Before version 3 nothing was counted: what is open stays open, without a reservation.
_COPY_VERSION_2 = """
INSERT INTO intents (key, run_id, step, operation, kind, amount_minor, currency, source, target, cell, player, args,
    account, day, spent_minor, outstanding_minor, epoch, state, created_ns, updated_ns)
SELECT key, run_id, step, operation, kind, amount_minor, currency, source, target, cell, player, '',
    '', 0, 0, 0, 0, state, created_ns, updated_ns
FROM intents_before_3 ORDER BY rowid
"""


def prepare(database: Database) -> None:
    """Bring the tables to this version, in one transaction; openers that race take turns.

    Raises JournalUnavailable, and HarnessError where a newer version has written the journal.
    """
    with database.write() as transaction:
        if isinstance(database, PostgresDatabase):
            _prepare_postgres(transaction, database.where)
        else:
            _prepare_sqlite(transaction, database.where)


def _prepare_postgres(transaction: Transaction, where: str) -> None:
    transaction.change("CREATE TABLE IF NOT EXISTS journal_version (version BIGINT NOT NULL)")
    known = transaction.rows("SELECT version FROM journal_version")
    if known:
        _require_known(known[0][0], where)
        return
    _create(transaction, numbered="BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
    transaction.change("INSERT INTO journal_version (version) VALUES (:version)", version=VERSION)


def _prepare_sqlite(transaction: Transaction, where: str) -> None:
    ((version,),) = transaction.rows("PRAGMA user_version")
    _require_known(version, where)
    if version == VERSION:
        return
    if version == 1:
        transaction.change(_SETTLE_VERSION_1)
    if version:
        transaction.change("ALTER TABLE intents RENAME TO intents_before_3")
    _create(transaction, numbered="INTEGER PRIMARY KEY", suffix=" STRICT", integer="INTEGER")
    if version:
        transaction.change(_COPY_VERSION_2)
        transaction.change("DROP TABLE intents_before_3")
    transaction.change(f"PRAGMA user_version = {VERSION}")


def _require_known(version: int, where: str) -> None:
    if version > VERSION:
        raise HarnessError(f"{where}: written by a newer version (schema {version}, known is {VERSION})")


def _create(transaction: Transaction, *, numbered: str, suffix: str = "", integer: str = "BIGINT") -> None:
    for statement in _dialect(_TABLES, numbered, suffix, integer):
        transaction.change(statement)


def _dialect(statements: Sequence[str], numbered: str, suffix: str, integer: str) -> list[str]:
    return [
        statement.replace("BIGINT", integer).replace("{numbered}", numbered)
        + (suffix if "CREATE TABLE" in statement else "")
        for statement in statements
    ]
