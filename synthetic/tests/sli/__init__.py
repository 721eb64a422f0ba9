"""Tests of synthetic.sli."""
