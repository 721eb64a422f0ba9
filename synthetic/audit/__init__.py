"""The audit chain: append-only, hash-linked records of every effect, change of configuration, kill and verdict."""
