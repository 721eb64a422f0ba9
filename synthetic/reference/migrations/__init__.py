"""The schema of a cell's database, as Alembic revisions: 0001 ledger and cell, 0002 cashier, 0003 gateway."""
