"""The outbox: an event with its fact or not at all, once, and found by every reader."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from synthetic.reference.cell.app import build_cell
from synthetic.reference.cell.events import DepositCompleted, Money, Timestamp, header, publish, read_events
from synthetic.reference.cell.switches import CELL_SWITCHES_CORE
from synthetic.reference.ledger import Ledger, UnknownPlayer, open_ledger
from synthetic.reference.switchboard import Switchboard
from synthetic.tests.reference.cell.running import cell_settings, fresh_database, player


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """The ledger of a cell of version 2.0.0 with one player, in each database."""
    if request.param == "sqlite":
        yield from cell_ledger(fresh_database(tmp_path))
    else:
        yield from cell_ledger(request.getfixturevalue("pg_url"))


@pytest.fixture
def pg_url(postgres_url: str) -> str:
    """A schema of this test's own."""
    return f"{postgres_url}&options=-csearch_path%3Do{uuid.uuid4().hex}"


def cell_ledger(db_url: str) -> Iterator[Ledger]:
    """Opened, and closed at the end."""
    opened = open_ledger(db_url)
    build_cell(cell_settings(db_url, players=(player("ada"),)), opened, Switchboard(CELL_SWITCHES_CORE))
    yield opened
    opened.close()


def tell(session: Session, deposit_id: str) -> None:
    """Publish that a deposit is there."""
    now = datetime.now(UTC)
    event = DepositCompleted(
        header=header(session, "ada", now),
        deposit_id=deposit_id,
        player_id="ada",
        psp="psp-a",
        psp_reference="pi_1",
        amount=Money(100, "EUR"),
        requested_at=Timestamp.of(now),
    )
    publish(session, event, deposit_id)


def tell_and_fail(ledger: Ledger) -> None:
    """A transaction that publishes and then does not commit."""
    with ledger.transaction() as transaction:
        tell(transaction.session, "d-1")
        transaction.lock("nobody")


def told(ledger: Ledger, after: int = 0, limit: int = 100) -> list[tuple[int | None, str]]:
    """Position and subject of what a reader finds."""
    return [(row.position, row.subject) for row in read_events(ledger, after, limit)]


def test_an_event_says_whose_it_is(ledger: Ledger) -> None:
    """The cell, and the version that it ran when it wrote it."""
    with ledger.transaction() as transaction:
        tell(transaction.session, "d-1")
    (row,) = read_events(ledger, 0)
    event = DepositCompleted.loads(row.content)
    assert (event.header.cell, event.header.cell_version) == ("canary", "2.0.0")
    assert (row.type, row.message) == ("deposit.completed", "gaming.events.v1.DepositCompleted")


def test_a_fact_that_is_taken_back_has_no_event(ledger: Ledger) -> None:
    """Neither after a transaction that fails nor after a part of it that does."""
    with pytest.raises(UnknownPlayer):
        tell_and_fail(ledger)
    with ledger.transaction() as transaction:
        part = transaction.session.begin_nested()
        tell(transaction.session, "d-2")
        part.rollback()
        tell(transaction.session, "d-3")
    assert told(ledger) == [(1, "d-3")]


def test_what_is_told_twice_is_there_once(ledger: Ledger) -> None:
    """In one transaction or in two; the first telling stands."""
    with ledger.transaction() as transaction:
        tell(transaction.session, "d-1")
        tell(transaction.session, "d-1")
    (first,) = read_events(ledger, 0)
    with ledger.transaction() as transaction:
        tell(transaction.session, "d-1")
    (still,) = read_events(ledger, 0)
    assert still.content == first.content


def test_readers_get_pages_and_read_on_where_they_were(ledger: Ledger) -> None:
    """Positions begin at 1 and have no gap, also when they are given a page at a time, and never change."""
    with ledger.transaction() as transaction:
        for number in range(1, 6):
            tell(transaction.session, f"d-{number}")
    assert told(ledger, 0, 2) == [(1, "d-1"), (2, "d-2")]
    assert told(ledger, 2, 2) == [(3, "d-3"), (4, "d-4")]
    assert told(ledger, 4, 2) == [(5, "d-5")]
    assert told(ledger, 5, 2) == []
    assert told(ledger, 1) == [(2, "d-2"), (3, "d-3"), (4, "d-4"), (5, "d-5")]


def test_a_transaction_that_commits_late_does_not_slip_in_behind_a_reader(pg_url: str) -> None:
    """On Postgres writers run beside each other: the event that was written first may be committed last."""
    with contextmanager(cell_ledger)(pg_url) as ledger:
        with ledger.transaction() as slow:
            tell(slow.session, "slow")
            with ledger.transaction() as fast:
                tell(fast.session, "fast")
            assert told(ledger) == [(1, "fast")]
        assert told(ledger, 1) == [(2, "slow")]
