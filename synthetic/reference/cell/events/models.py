"""The outbox: events that were written down in the transaction of their fact."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from synthetic.reference.ledger.models import Base, RowId, UtcDateTime


class OutboxRow(Base):
    """An event. `subject` is what it is about: of one type there is one event about a subject, whatever is told twice.

    `position` is where readers find it, from 1 and without gaps. It is given when a reader first comes after the commit:
    an id is taken before, and a transaction that commits late would slip in behind a reader.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("type", "subject", name="uq_outbox_fact"),
        UniqueConstraint("position", name="uq_outbox_position"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    position: Mapped[int | None] = mapped_column(BigInteger)
    type: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(320))
    message: Mapped[str] = mapped_column(String(128))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
