"""Laws about the books: what is posted adds up, stays, and is told as it is (invariants 1 to 9)."""
