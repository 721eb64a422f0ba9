"""A ledger in each database that a cell may use: SQLite in a file, and a real Postgres with a schema per test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.reference.ledger import Entry, Ledger, open_ledger
from synthetic.tests.reference.cell.running import fresh_database

LEDGER = "ledger.db"


def sqlite_in(folder: Path) -> str:
    """The address of the ledger's file."""
    return f"sqlite:///{folder / LEDGER}"


@pytest.fixture(params=["sqlite", "postgres"])
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return sqlite_in(tmp_path)
    return f"{request.getfixturevalue('postgres_url')}&options=-csearch_path%3Dt{uuid.uuid4().hex}"


@pytest.fixture
def ledger(db_url: str, tmp_path: Path) -> Iterator[Ledger]:
    """A ledger where `ada` has 10.00 EUR in cash and `yui` has no money, in JPY."""
    if db_url == sqlite_in(tmp_path):
        fresh_database(tmp_path, LEDGER)
    opened = open_ledger(db_url)
    with opened.transaction() as transaction:
        transaction.open_accounts("ada", "EUR")
        transaction.open_accounts("yui", "JPY")
        transaction.post(Entry("funding", "ada", "seed:ada", {"cash": 1000}, "house", "EUR"))
    yield opened
    opened.close()
