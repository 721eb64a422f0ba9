"""Tests of the contract machinery; the contracts themselves are verified in `contracts/`."""
