"""The laws of a boundary as state machines: a provider is driven by its published API alone, and judged by the named checks."""
