"""Tests of synthetic.reference."""
