"""The ledger with its immutable postings, players and logins, rounds and bets, promo claims."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

# Reverse order of creation, so that nothing is dropped under a foreign key.
TABLES = (
    "promo_claims tombstones bets rounds auth_sessions login_challenges totp_used_codes credentials players "
    "idempotency_keys postings journal_entries accounts"
).split()


def upgrade() -> None:
    create_ledger()
    create_players()
    create_rounds()
    create_promo()
    refuse_change("journal_entries", "ledger entries are immutable")
    refuse_change("postings", "postings are immutable")
    freeze_column("players", "synthetic", "the synthetic flag is immutable")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for function in ("refuse_journal_entries", "refuse_postings", "freeze_players_synthetic"):
            op.execute(f"DROP FUNCTION {function}()")


def create_ledger() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("player_id", sa.String(64)),
        sa.Column("bucket", sa.String(16)),
        sa.Column("balance_minor", sa.BigInteger),
        sa.UniqueConstraint("name", "currency", name="uq_accounts_name_currency"),
        sa.UniqueConstraint("player_id", "bucket", name="uq_accounts_player_bucket"),
        sa.CheckConstraint("balance_minor >= 0", name="ck_accounts_not_negative"),
        sa.CheckConstraint(
            "(player_id IS NULL) = (bucket IS NULL) AND (player_id IS NULL) = (balance_minor IS NULL)",
            name="ck_accounts_kind",
        ),
    )
    op.create_table(
        "journal_entries",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("player_id", sa.String(64), nullable=False),
        sa.Column("reference", sa.String(255), nullable=False),
        sa.Column("posted_at", TIME, nullable=False),
    )
    op.create_index("ix_journal_entries_player", "journal_entries", ["player_id"])
    op.create_table(
        "postings",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("entry_id", sa.BigInteger, sa.ForeignKey("journal_entries.id"), nullable=False),
        sa.Column("account_id", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("balance_after_minor", sa.BigInteger),
        sa.CheckConstraint("amount_minor <> 0", name="ck_postings_moves"),
    )
    op.create_index("ix_postings_account", "postings", ["account_id"])
    op.create_index("ix_postings_entry", "postings", ["entry_id"])
    op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.String(160), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("response", sa.JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )


def create_players() -> None:
    op.create_table(
        "players",
        sa.Column("player_id", sa.String(64), primary_key=True),
        sa.Column("market", sa.String(16), nullable=False),
        sa.Column("brand", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("segment", sa.String(64), nullable=False),
        sa.Column("kyc", sa.String(16), nullable=False),
        sa.Column("self_excluded", sa.Boolean, nullable=False),
        sa.Column("synthetic", sa.Boolean, nullable=False),
        sa.Column("deposit_day_minor", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "credentials",
        sa.Column("player_id", sa.String(64), sa.ForeignKey("players.player_id"), primary_key=True),
        sa.Column("username", sa.String(120), nullable=False, unique=True),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("totp_secret", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", TIME),
    )
    op.create_table(
        "totp_used_codes",
        sa.Column("player_id", sa.String(64), sa.ForeignKey("players.player_id"), primary_key=True),
        sa.Column("step", sa.BigInteger, primary_key=True),
    )
    for table, secret in (("login_challenges", "challenge_hash"), ("auth_sessions", "token_hash")):
        op.create_table(
            table,
            sa.Column(secret, sa.String(64), primary_key=True),
            sa.Column("player_id", sa.String(64), sa.ForeignKey("players.player_id"), nullable=False),
            sa.Column("expires_at", TIME, nullable=False),
        )


def create_rounds() -> None:
    op.create_table(
        "rounds",
        sa.Column("provider", sa.String(64), primary_key=True),
        sa.Column("player_id", sa.String(64), primary_key=True),
        sa.Column("round_id", sa.String(128), primary_key=True),
        sa.Column("session", sa.String(64)),
        sa.Column("game", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("stake_minor", sa.BigInteger, nullable=False),
        sa.Column("payout_minor", sa.BigInteger, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("closed_at", TIME),
    )
    op.create_table(
        "bets",
        sa.Column("provider", sa.String(64), primary_key=True),
        sa.Column("player_id", sa.String(64), primary_key=True),
        sa.Column("bet_id", sa.String(128), primary_key=True),
        sa.Column("round_id", sa.String(128), nullable=False),
        sa.Column("session", sa.String(64)),
        sa.Column("req_id", sa.String(128)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("stake_minor", sa.BigInteger, nullable=False),
        sa.Column("debited_minor", sa.BigInteger, nullable=False),
        sa.Column("payout_minor", sa.BigInteger, nullable=False),
        sa.Column("placed_at", TIME, nullable=False),
        sa.UniqueConstraint("session", "req_id", name="uq_bets_session_req"),
    )
    op.create_index("ix_bets_round", "bets", ["provider", "player_id", "round_id"])
    op.create_index("ix_bets_req", "bets", ["player_id", "req_id"])
    op.create_table(
        "tombstones",
        sa.Column("provider", sa.String(64), primary_key=True),
        sa.Column("player_id", sa.String(64), primary_key=True),
        sa.Column("bet_id", sa.String(128), primary_key=True),
        sa.Column("created_at", TIME, nullable=False),
    )


def create_promo() -> None:
    op.create_table(
        "promo_claims",
        sa.Column("claim_id", sa.String(64), primary_key=True),
        sa.Column("player_id", sa.String(64), sa.ForeignKey("players.player_id"), nullable=False),
        sa.Column("once", sa.String(320), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("bonus_minor", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("claimed_at", TIME, nullable=False),
        sa.UniqueConstraint("player_id", "once", name="uq_promo_claims_once"),
    )


def refuse_change(table: str, message: str) -> None:
    """Refuse every UPDATE and DELETE (and TRUNCATE, where there is one) of the table's rows."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER refuse_{table}_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
        return
    create_refusal(f"refuse_{table}", message)
    op.execute(
        f"CREATE TRIGGER refuse_{table} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_{table}()"
    )


def freeze_column(table: str, column: str, message: str) -> None:
    """Refuse an UPDATE that changes the column."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER freeze_{table}_{column} BEFORE UPDATE ON {table} WHEN NEW.{column} IS NOT OLD.{column} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    create_refusal(f"freeze_{table}_{column}", message)
    op.execute(
        f"CREATE TRIGGER freeze_{table}_{column} BEFORE UPDATE ON {table} FOR EACH ROW "
        f"WHEN (NEW.{column} IS DISTINCT FROM OLD.{column}) EXECUTE FUNCTION freeze_{table}_{column}()"
    )


def create_refusal(name: str, message: str) -> None:
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
