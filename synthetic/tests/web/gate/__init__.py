"""Tests of the gate's HTTP face: served on a free port, over a real store."""
