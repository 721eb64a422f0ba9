"""A store in each database in turn, and one in SQLite."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.rollouts.store import Store, open_store
from synthetic.tests.rollouts.evidence import TestClock


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store of this test's own may be."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'runner.gate.db'}"
    server = request.getfixturevalue("postgres_server_url")
    return f"{server}&options=-csearch_path%3Dgate_{uuid.uuid4().hex}"


@pytest.fixture
def any_store(address: str) -> Iterator[Store]:
    """An empty store, in each database in turn."""
    with open_store(address) as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in a file."""
    with open_store(f"sqlite:///{tmp_path / 'runner.gate.db'}") as opened:
        yield opened


@pytest.fixture
def clock() -> TestClock:
    """A clock that stands at noon."""
    return TestClock()
