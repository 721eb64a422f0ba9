"""The gate's tables, version 2: a SQLite file beside the journal's, or the same Postgres schema."""

from __future__ import annotations

from pathlib import Path

from synthetic.core.errors import HarnessError
from synthetic.journal.database import Database, Transaction
from synthetic.journal.opened import POSTGRES, SQLITE
from synthetic.journal.postgres_database import PostgresDatabase

VERSION = 2
# `body`, `steps`, `evidence`: JSON. `number` grows in the order of commits, as writers take turns: readers go on from the last one.
_FIRST = (
    """
CREATE TABLE gate_observations (
    number {numbered},
    run_id TEXT NOT NULL UNIQUE,
    cell TEXT NOT NULL,
    version TEXT NOT NULL,
    started_ns BIGINT NOT NULL,
    body TEXT NOT NULL
)""",
    "CREATE INDEX gate_observations_by_cell ON gate_observations (cell, started_ns)",
    "CREATE INDEX gate_observations_by_age ON gate_observations (started_ns)",
    """
CREATE TABLE gate_rollouts (
    id TEXT PRIMARY KEY,
    cell TEXT NOT NULL,
    baseline TEXT NOT NULL,
    version TEXT NOT NULL,
    started_ns BIGINT NOT NULL,
    by_whom TEXT NOT NULL,
    steps TEXT NOT NULL,
    ended_ns BIGINT NOT NULL DEFAULT 0,
    ending TEXT NOT NULL DEFAULT ''
)""",
    "CREATE INDEX gate_rollouts_by_start ON gate_rollouts (started_ns)",
    """
CREATE TABLE gate_decisions (
    number {numbered},
    rollout TEXT NOT NULL,
    at_ns BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    explanation TEXT NOT NULL,
    weight BIGINT NOT NULL,
    evidence TEXT NOT NULL
)""",
    "CREATE INDEX gate_decisions_by_rollout ON gate_decisions (rollout, number)",
    """
CREATE TABLE gate_signals (
    number {numbered},
    name TEXT NOT NULL,
    cell TEXT NOT NULL,
    label TEXT NOT NULL,
    value TEXT NOT NULL,
    at_ns BIGINT NOT NULL
)""",
    "CREATE INDEX gate_signals_by_cell ON gate_signals (cell, at_ns)",
)
# What a store of version 1 has seen counts as not told: the next answer that tells a version goes before it.
_SECOND = (
    """
CREATE TABLE gate_versions (
    cell TEXT NOT NULL,
    version TEXT NOT NULL,
    told BIGINT NOT NULL,
    first_ns BIGINT NOT NULL,
    since_ns BIGINT NOT NULL,
    last_ns BIGINT NOT NULL,
    PRIMARY KEY (cell, version)
)""",
    """
INSERT INTO gate_versions (cell, version, told, first_ns, since_ns, last_ns)
SELECT cell, version, 0, min(started_ns), min(started_ns), max(started_ns) FROM gate_observations GROUP BY cell, version
""",
    "ALTER TABLE gate_signals ADD COLUMN id TEXT NOT NULL DEFAULT ''",
    "CREATE UNIQUE INDEX gate_signals_once ON gate_signals (name, cell, id) WHERE id <> ''",
)
_TABLES = (_FIRST, _SECOND)


def beside(journal: str) -> str:
    """Where the gate keeps what it knows: beside a SQLite journal (`runner.db`: `runner.gate.db`), or in the same Postgres."""
    if journal.startswith(POSTGRES):
        return journal
    path = Path(journal.removeprefix(SQLITE))
    return f"{SQLITE}{path.with_name(f'{path.stem}.gate{path.suffix}')}"


def existing(journal: str) -> str:
    """The same for a reader. Raises HarnessError where nobody has kept anything: a new file would answer about nothing."""
    address = beside(journal)
    if address.startswith(SQLITE) and not Path(address.removeprefix(SQLITE)).exists():
        raise HarnessError(
            f"there is no {address.removeprefix(SQLITE)}: a runner keeps it that has a `gate:` in its serve file"
        )
    return address


def prepare(database: Database) -> None:
    """Bring the tables up to date. Raises HarnessError where a newer version has written them."""
    in_postgres = isinstance(database, PostgresDatabase)
    numbered = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY" if in_postgres else "INTEGER PRIMARY KEY AUTOINCREMENT"
    with database.write() as transaction:
        known = _known_version(transaction, database.where)
        if known == VERSION:
            return
        for statements in _TABLES[known:]:
            for statement in statements:
                transaction.change(statement.replace("{numbered}", numbered))
        transaction.change("DELETE FROM gate_version")
        transaction.change("INSERT INTO gate_version (version) VALUES (:version)", version=VERSION)


def _known_version(transaction: Transaction, where: str) -> int:
    transaction.change("CREATE TABLE IF NOT EXISTS gate_version (version BIGINT NOT NULL)")
    rows = transaction.rows("SELECT version FROM gate_version")
    known = int(rows[0][0]) if rows else 0
    if known > VERSION:
        raise HarnessError(f"{where}: the gate's tables are of a newer version ({known}, known is {VERSION})")
    return known
