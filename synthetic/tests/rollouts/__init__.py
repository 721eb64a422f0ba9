"""Tests of rollouts under watch: real SQLite files, a real Postgres, and a clock that the test sets."""
