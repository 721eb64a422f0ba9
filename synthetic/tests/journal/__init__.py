"""Tests of the journals: real SQLite files."""
