"""Players: blocked by country, with money that is still to be played through, and with a higher limit that is to come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("players", sa.Column("geo_blocked", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("players", sa.Column("wagering_minor", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("players", sa.Column("raised_limit_minor", sa.BigInteger))
    op.add_column("players", sa.Column("raised_limit_from", sa.DateTime(timezone=True)))


def downgrade() -> None:
    for column in ("raised_limit_from", "raised_limit_minor", "wagering_minor", "geo_blocked"):
        op.drop_column("players", column)
