"""Tests of single sign-on at a cell."""
