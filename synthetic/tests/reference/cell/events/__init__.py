"""Tests of synthetic.reference.cell.events."""
