"""The named checks: one invariant a file, pure functions over the evidence of a run."""
