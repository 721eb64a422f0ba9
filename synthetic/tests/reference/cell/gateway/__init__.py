"""Tests of the game gateway."""
