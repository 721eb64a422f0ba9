"""Tests of an SLO in the words of others."""
