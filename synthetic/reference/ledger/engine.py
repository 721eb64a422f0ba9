"""A ledger by URL: the engine with the settings that make each database safe, and the schema at its newest revision."""

from __future__ import annotations

import re
import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from synthetic.reference import migrations
from synthetic.reference.ledger.book import Ledger

_BUSY_TIMEOUT_MS = 10_000
_MIGRATION_LOCK = 7_311_001  # any number that all cells share


def open_ledger(db_url: str) -> Ledger:
    """Open the ledger at a SQLAlchemy URL (`sqlite:///...`, `postgresql+psycopg://...`) and bring its schema up to date.

    A Postgres schema per cell is chosen by `?options=-csearch_path%3Dcanary`; it is created where it does not exist.
    """
    engine = ledger_engine(db_url)
    upgrade(engine)
    return Ledger(engine)


def ledger_engine(db_url: str) -> sa.Engine:
    """An engine whose SQLite connections use WAL, foreign keys and explicit transactions."""
    if sa.make_url(db_url).get_backend_name() != "sqlite":
        return sa.create_engine(db_url, pool_size=20, max_overflow=20, pool_pre_ping=True)
    engine = sa.create_engine(db_url, pool_size=40, max_overflow=10, connect_args={"check_same_thread": False})
    sa.event.listen(engine, "connect", _configure_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Bring the schema up to a revision, in one transaction; cells that start together take turns."""
    with engine.execution_options(begin="IMMEDIATE").begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            _create_search_path(connection)
        command.upgrade(alembic_config(connection), revision)


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Take the schema down to a revision (`base`: nothing left), in one transaction."""
    with engine.execution_options(begin="IMMEDIATE").begin() as connection:
        command.downgrade(alembic_config(connection), revision)


def drop_search_path(engine: sa.Engine) -> None:
    """Take away the Postgres schema that `open_ledger` made, with all that is in it; on SQLite there is nothing to take."""
    if engine.dialect.name != "postgresql":
        return
    with engine.begin() as connection:
        schema = connection.scalar(sa.func.current_schema())
        connection.execute(sa.schema.DropSchema(str(schema), cascade=True, if_exists=True))


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic's configuration without an ini file: the shipped migrations, over an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _create_search_path(connection: sa.Connection) -> None:
    if connection.scalar(sa.select(sa.func.current_schema())) is None:
        schema = re.split(r"\s*,\s*", str(connection.scalar(sa.text("SHOW search_path"))))[0].strip('"')
        connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself: _begin_sqlite does
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    _switch_to_wal(cursor)
    # NORMAL in WAL survives a crash of the process; a power cut may lose the last commits of this simulated platform.
    for pragma in ("synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")


def _switch_to_wal(cursor: Any) -> None:
    """Switch a fresh database to WAL. SQLite's busy handler does not cover this switch, so openers that race take turns here."""
    deadline_s = time.monotonic() + _BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.01)
        else:
            return
