"""The cashier's tables. An id of ours is the idempotency key at the PSP, for ever: a repetition can't become a second payment."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from synthetic.reference.ledger.models import Base, UtcDateTime


class PaymentColumns:
    """What a deposit and a withdrawal both have; `noun` is the API's word for one. `code` says why it failed."""

    noun: ClassVar[str]

    player_id: Mapped[str] = mapped_column(ForeignKey("players.player_id"))
    idempotency_key: Mapped[str] = mapped_column(String(255))
    psp: Mapped[str] = mapped_column(String(64))
    instrument: Mapped[str] = mapped_column(String(64))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(16))
    psp_reference: Mapped[str | None] = mapped_column(String(64))
    code: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DepositRow(PaymentColumns, Base):
    """A deposit. `credited_minor` and `refunded_minor` say what the ledger holds of it."""

    noun = "deposit"
    __tablename__ = "deposits"
    __table_args__ = (
        UniqueConstraint("player_id", "idempotency_key", name="uq_deposits_key"),
        Index("ix_deposits_state", "state", "updated_at"),
    )

    deposit_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    credited_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)


class RefundRow(Base):
    """Money on its way back to its source.

    `reason` is `player` (debited from his cash when it was requested) or `uncredited` (captured by the PSP for a deposit
    that was already dead, so never credited).
    """

    __tablename__ = "refunds"
    __table_args__ = (
        Index("ix_refunds_deposit", "deposit_id"),
        Index("ix_refunds_state", "state", "updated_at"),
    )

    refund_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    deposit_id: Mapped[str] = mapped_column(ForeignKey("deposits.deposit_id"))
    reason: Mapped[str] = mapped_column(String(16))
    psp_reference: Mapped[str] = mapped_column(String(64))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16))  # requested | done | failed
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WithdrawalRow(PaymentColumns, Base):
    """A withdrawal; its amount is in `locked` until it is paid or released."""

    noun = "withdrawal"
    __tablename__ = "withdrawals"
    __table_args__ = (
        UniqueConstraint("player_id", "idempotency_key", name="uq_withdrawals_key"),
        Index("ix_withdrawals_state", "state", "updated_at"),
    )

    withdrawal_id: Mapped[str] = mapped_column(String(64), primary_key=True)
