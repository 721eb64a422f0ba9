"""Tests of synthetic.reference.cell."""
