"""Tests of synthetic.contracts.protobuf."""
