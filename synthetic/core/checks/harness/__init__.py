"""Laws about ourselves: what a run costs, leaves behind and shows up in (invariants 49 to 51), and whose clock is right."""
