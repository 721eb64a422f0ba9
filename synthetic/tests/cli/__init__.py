"""Tests of synthetic.cli."""
