"""Tests of synthetic.report."""
