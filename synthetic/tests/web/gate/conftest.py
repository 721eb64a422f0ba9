"""A gate over an empty store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.rollouts.store import open_store
from synthetic.tests.web.gate.faces import Gate


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A gate that knows nothing yet."""
    with open_store(str(tmp_path / "gate.db")) as store:
        yield Gate(store)
