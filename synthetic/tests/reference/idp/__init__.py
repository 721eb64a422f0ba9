"""Tests of the identity provider."""
