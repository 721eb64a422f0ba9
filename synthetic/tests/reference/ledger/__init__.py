"""Tests of synthetic.reference.ledger."""
