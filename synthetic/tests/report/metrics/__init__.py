"""The metrics of a runner."""
