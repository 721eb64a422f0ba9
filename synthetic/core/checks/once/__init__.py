"""Laws about exactly once: what is sent again moves nothing again (invariants 10 to 16)."""
