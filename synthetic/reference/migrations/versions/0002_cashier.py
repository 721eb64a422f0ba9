"""The cashier: deposits, refunds, withdrawals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "deposits",
        *payment_columns("deposit_id"),
        sa.Column("credited_minor", sa.BigInteger, nullable=False),
        sa.Column("refunded_minor", sa.BigInteger, nullable=False),
        *times(),
        sa.UniqueConstraint("player_id", "idempotency_key", name="uq_deposits_key"),
    )
    op.create_index("ix_deposits_state", "deposits", ["state", "updated_at"])
    op.create_table(
        "refunds",
        sa.Column("refund_id", sa.String(64), primary_key=True),
        sa.Column("deposit_id", sa.String(64), sa.ForeignKey("deposits.deposit_id"), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("psp_reference", sa.String(64), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        *times(),
    )
    op.create_index("ix_refunds_deposit", "refunds", ["deposit_id"])
    op.create_index("ix_refunds_state", "refunds", ["state", "updated_at"])
    op.create_table(
        "withdrawals",
        *payment_columns("withdrawal_id"),
        *times(),
        sa.UniqueConstraint("player_id", "idempotency_key", name="uq_withdrawals_key"),
    )
    op.create_index("ix_withdrawals_state", "withdrawals", ["state", "updated_at"])


def downgrade() -> None:
    for table in ("withdrawals", "refunds", "deposits"):
        op.drop_table(table)


def payment_columns(id_: str) -> list[sa.Column[object]]:
    return [
        sa.Column(id_, sa.String(64), primary_key=True),
        sa.Column("player_id", sa.String(64), sa.ForeignKey("players.player_id"), nullable=False),
        sa.Column("idempotency_key", sa.String(255), nullable=False),
        sa.Column("psp", sa.String(64), nullable=False),
        sa.Column("instrument", sa.String(64), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("psp_reference", sa.String(64)),
        sa.Column("code", sa.String(64)),
    ]


def times() -> list[sa.Column[object]]:
    return [sa.Column("created_at", TIME, nullable=False), sa.Column("updated_at", TIME, nullable=False)]
