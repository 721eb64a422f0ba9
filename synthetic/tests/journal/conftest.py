"""Both journals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.core.effects import Intent
from synthetic.core.money import Money
from synthetic.journal.memory import MemoryJournal
from synthetic.journal.sqlite import SqliteJournal

AnyJournal = MemoryJournal | SqliteJournal


def intent(key: str = "key-1", minor: int = 100, step: str = "deposit") -> Intent:
    """The intent of a deposit."""
    return Intent(
        "run-1", step, "cashier.deposit", "deposit", Money(minor, "EUR"), key, "psp", "wallet", "canary", "p1"
    )


@pytest.fixture(params=["memory", "sqlite"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyJournal]:
    """Each journal in turn."""
    if request.param == "memory":
        yield MemoryJournal()
        return
    with SqliteJournal(tmp_path / "journal.db") as sqlite:
        yield sqlite
