"""Rollouts under watch: what runs have shown of them, what was decided, and who asks: kept in a database, judged on demand."""
