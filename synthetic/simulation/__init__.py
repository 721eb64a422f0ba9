"""Whole workers on a virtual clock, with simulated faults and crashes: what the promise about money rests on."""
