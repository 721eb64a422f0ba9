"""A real Postgres for the tests of the reference platform."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def postgres_url(postgres_server_url: str) -> str:
    """A Postgres server of this test process, as SQLAlchemy names it."""
    return postgres_server_url.replace("postgresql://", "postgresql+psycopg://")
