"""Tests of the named checks, on histories built by hand."""
