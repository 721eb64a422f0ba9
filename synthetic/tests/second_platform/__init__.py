"""A second platform for the tests of generality."""
