"""Tests of the rollout gate."""
