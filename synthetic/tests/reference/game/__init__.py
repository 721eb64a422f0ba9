"""Tests of the game providers."""
