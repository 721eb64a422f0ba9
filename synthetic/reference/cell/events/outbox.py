"""Publishing and reading: an event is written in the transaction of its fact, so that there is neither without the other."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from synthetic.reference.cell.events.messages import Event, EventHeader, Timestamp
from synthetic.reference.cell.events.models import OutboxRow
from synthetic.reference.cell.models import PlayerRow
from synthetic.reference.ledger import Ledger, origin_of

PAGE_MAX = 500

# Made once, and over columns instead of objects: they stand in the path of every round and every payment.
_PLAYER = sa.select(PlayerRow.synthetic, PlayerRow.market).where(PlayerRow.player_id == sa.bindparam("player"))
_INSERTS = {
    "sqlite": sqlite.insert(OutboxRow).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(OutboxRow).on_conflict_do_nothing(),
}


def header(session: Session, player_id: str, at: datetime) -> EventHeader:
    """The header of a new event about this player. `session` is that of the fact's `LedgerTransaction`."""
    origin = origin_of(session)
    is_synthetic, market = session.connection().execute(_PLAYER, {"player": player_id}).one()
    return EventHeader(
        event_id=f"evt_{uuid.uuid4().hex}",
        occurred_at=Timestamp.of(at),
        cell=origin.cell,
        cell_version=origin.version,
        synthetic=is_synthetic,
        market=market,
    )


def publish(session: Session, event: Event, subject: str) -> None:
    """Write the event down, with the fact or not at all. What was told of this subject before is not told again."""
    connection = session.connection()
    row = {
        "type": event.type,
        "subject": subject,
        "message": event.message,
        "content": bytes(event),
        "created_at": datetime.now(UTC),
    }
    connection.execute(_INSERTS[connection.dialect.name], row)


def read_events(ledger: Ledger, after: int, limit: int = PAGE_MAX) -> Sequence[OutboxRow]:
    """The events behind this position, oldest first, at most `limit`; whoever has read on may read again from anywhere."""
    with ledger.reading() as session:
        is_news_there = session.scalar(_unread().limit(1)) is not None
    if is_news_there:
        _give_positions(ledger, limit)
    query = sa.select(OutboxRow).where(OutboxRow.position > after).order_by(OutboxRow.position).limit(limit)
    with ledger.reading() as session:
        return session.scalars(query).all()


def _give_positions(ledger: Ledger, limit: int) -> None:
    """Number what has been committed since; readers take turns, writers don't wait."""
    with ledger.transaction() as transaction:
        session = transaction.session
        if session.get_bind().dialect.name == "postgresql":
            session.execute(sa.text("LOCK TABLE outbox IN SHARE UPDATE EXCLUSIVE MODE"))
        last = session.scalar(sa.select(sa.func.coalesce(sa.func.max(OutboxRow.position), 0))) or 0
        for position, row in enumerate(session.scalars(_unread().limit(limit)).all(), last + 1):
            row.position = position


def _unread() -> sa.Select[Any]:
    return sa.select(OutboxRow).where(OutboxRow.position.is_(None)).order_by(OutboxRow.id)
