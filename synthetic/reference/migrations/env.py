"""Alembic's entry: runs the revisions over the connection that `ledger.engine` hands in."""

from __future__ import annotations

from alembic import context

from synthetic.reference.ledger.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite can roll DDL back too, since the engine begins transactions itself.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
