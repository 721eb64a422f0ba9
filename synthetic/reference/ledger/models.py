"""The ledger's tables, and the one `Base` that every table of a cell hangs on.

Only a player's accounts carry a running balance; a counterparty's is the sum of its postings, so that the `house` row is
not what all players' transactions wait for.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# SQLite numbers rows by itself only where the key is its INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time in every database; SQLite would drop the time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Store UTC. Raises ValueError for a naive time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Read UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables of a cell: the ledger's, the cell's, the cashier's, the gateway's."""


class Account(Base):
    """A player's bucket (`player_id`, `bucket`, `balance_minor` set) or a counterparty such as `psp:psp-a`.

    `receivable` is what the player owes, below zero.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("name", "currency", name="uq_accounts_name_currency"),
        UniqueConstraint("player_id", "bucket", name="uq_accounts_player_bucket"),
        CheckConstraint("balance_minor >= 0 OR bucket = 'receivable'", name="ck_accounts_not_negative"),
        CheckConstraint(
            "(player_id IS NULL) = (bucket IS NULL) AND (player_id IS NULL) = (balance_minor IS NULL)",
            name="ck_accounts_kind",
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    currency: Mapped[str] = mapped_column(String(3))
    player_id: Mapped[str | None] = mapped_column(String(64))
    bucket: Mapped[str | None] = mapped_column(String(16))
    balance_minor: Mapped[int | None] = mapped_column(BigInteger)


class JournalEntry(Base):
    """One balanced entry; its postings add up to zero. Immutable (a trigger refuses UPDATE and DELETE)."""

    __tablename__ = "journal_entries"
    __table_args__ = (Index("ix_journal_entries_player", "player_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    player_id: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str] = mapped_column(String(255))
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Posting(Base):
    """One signed amount on one account. Immutable. `balance_after_minor` is set on a player's accounts."""

    __tablename__ = "postings"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="ck_postings_moves"),
        Index("ix_postings_account", "account_id"),
        Index("ix_postings_entry", "entry_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    entry_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("journal_entries.id"))
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    balance_after_minor: Mapped[int | None] = mapped_column(BigInteger)


class IdempotencyKey(Base):
    """The answer given to the first request with this key in this scope; kept for ever (longer than any retry window)."""

    __tablename__ = "idempotency_keys"

    scope: Mapped[str] = mapped_column(String(160), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    response: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
