"""What players owe after chargebacks: a bucket of its own that stands below zero."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAME = "ck_accounts_not_negative"
BEFORE = "balance_minor >= 0"
AFTER = "balance_minor >= 0 OR bucket = 'receivable'"


def upgrade() -> None:
    change_rule(BEFORE, AFTER)
    op.execute(
        "INSERT INTO accounts (name, currency, player_id, bucket, balance_minor) "
        "SELECT 'player\\:' || player_id || '\\:receivable', currency, player_id, 'receivable', 0 "
        "FROM accounts WHERE bucket = 'cash'"
    )


def downgrade() -> None:
    """Works only where nobody owes anything: a posting can't be taken back."""
    op.execute("DELETE FROM accounts WHERE bucket = 'receivable'")
    change_rule(AFTER, BEFORE)


def change_rule(before: str, after: str) -> None:
    """Replace the rule. SQLite has no statement for it, and a new table can't take the place of one that postings refer to."""
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(NAME, "accounts", type_="check")
        op.create_check_constraint(NAME, "accounts", after)
        return
    # As https://www.sqlite.org/lang_altertable.html#otheralter describes it for CHECK constraints.
    version = op.get_bind().exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema=ON")
    op.get_bind().exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'accounts'",
        (f"CHECK ({before})", f"CHECK ({after})"),
    )
    op.execute(f"PRAGMA schema_version={version + 1}")
    op.execute("PRAGMA writable_schema=OFF")
