"""Single sign-on: which player a subject of the identity provider is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sso_identities",
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("player_id", sa.String(64), sa.ForeignKey("players.player_id"), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("sso_identities")
