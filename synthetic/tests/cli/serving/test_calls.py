"""What is asked of a service over HTTP is in the audit once it has happened, and not before."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from synthetic.audit.entry import Entry
from synthetic.audit.trail import AuditTrail
from synthetic.cli.serving.calls import ServiceCalls
from synthetic.core.errors import JournalUnavailable
from synthetic.core.plan_serving import ServingPlan
from synthetic.drivers.clocks import SystemClock
from synthetic.journal.book import Book, open_book
from synthetic.runner.density import Denser, Purse
from synthetic.runner.killswitch import KillSwitch
from synthetic.runner.timetable import Timetable


def _no_plan() -> ServingPlan:
    raise AssertionError("the kill switch needs no plan")


def calls_of(book: Book, noted: list[Entry]) -> ServiceCalls:
    """Those of a worker with this book."""
    clock = SystemClock()
    denser = Denser(_no_plan, Timetable({}, {}, clock.wall_ns()), lambda _now: lambda _probe: Purse(0, 0, 0))
    return ServiceCalls(KillSwitch(book, clock), denser, _no_plan, clock, AuditTrail(noted.append, "worker:w"))


def test_a_resume_that_did_not_happen_is_not_in_the_audit(tmp_path: Path) -> None:
    """It is where it has happened."""
    noted: list[Entry] = []
    with open_book(tmp_path / "book.db") as book:
        calls = calls_of(book, noted)
        asyncio.run(calls.kill("anna", "psp-a pays twice"))
        moved = [(path, path.with_name(f"gone-{path.name}")) for path in tmp_path.glob("book.db*")]
        for path, gone in moved:
            path.rename(gone)
        with pytest.raises(JournalUnavailable):
            asyncio.run(calls.resume("ben", "over"))
        assert noted == []
        for path, gone in moved:
            gone.rename(path)
        asyncio.run(calls.resume("ben", "over"))
        assert book.killed() is None
    assert [(entry.kind.value, entry.who) for entry in noted] == [("resume", "ben: over")]
